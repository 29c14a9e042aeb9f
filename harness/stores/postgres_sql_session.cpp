#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/postgres_connection.hpp"
#include "harness/stores/sql_session_sources.hpp"

namespace sluice::stores {
namespace {

constexpr std::size_t rows_at_once = 500;

std::string undo_hexadecimal(std::string_view text) {
  std::string bytes;
  if (text.starts_with("\\x")) text.remove_prefix(2);
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    unsigned value = 0;
    std::from_chars(text.data() + i, text.data() + i + 2, value, 16);
    bytes += static_cast<char>(value);
  }
  return bytes;
}

class PostgresSqlSession final : public SqlSession {
 public:
  PostgresSqlSession(const std::string& url, const StoreOptions& options) : connection_(url, options) {}

  const std::string& name() const override { return connection_.name(); }
  Engine engine() const override { return Engine::postgres; }

  void begin_read() override {
    connection_.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", {}, "starting a snapshot");
    connection_.query("SELECT 1", {}, "starting a snapshot");  // the first statement takes the snapshot
  }

  void begin_trial(std::chrono::milliseconds lock_timeout) override {
    connection_.query("BEGIN READ WRITE", {}, "starting a trial");
    connection_.query(fmt::format("SET LOCAL lock_timeout = {}", lock_timeout.count()), {}, "starting a trial");
    // Nobody waits long for a trial whose process hangs.
    connection_.query("SET LOCAL idle_in_transaction_session_timeout = '10s'", {}, "starting a trial");
  }

  void roll_back() override { connection_.query("ROLLBACK", {}, "rolling back"); }

  void execute(const std::string& sql, const std::string& doing) override {
    refuse_transaction_control(sql, name(), doing);
    connection_.query(sql, {}, doing);
  }

  // A cursor takes nothing but a query, hands it over in pieces, and counts what is not wanted without sending it.
  SqlResult query(const std::string& sql, const SqlLimits& limits, const std::string& doing) override {
    connection_.query("DECLARE sluice_query NO SCROLL CURSOR FOR " + sql, {}, doing);
    SqlResult result;
    ByteBudget budget(name(), doing, limits.bytes);
    std::size_t got = 0;
    do {
      const std::size_t wanted = std::min(rows_at_once, limits.rows - result.rows.size());
      got = fetch(wanted, result, budget, doing);
      if (got < wanted) break;
    } while (result.rows.size() < limits.rows);
    result.total = result.rows.size() + skip_rest(doing);
    connection_.query("CLOSE sluice_query", {}, doing);
    return result;
  }

  void try_statement(const std::string& sql, const std::string& doing) override {
    connection_.query("EXPLAIN " + sql, {}, doing);
  }

  std::string command_line(const std::string& sql) const override {
    return fmt::format("psql {} -c {}", shell_word(name()), shell_word(sql));
  }

 private:
  std::size_t fetch(std::size_t wanted, SqlResult& result, ByteBudget& budget, const std::string& doing) {
    connection_.start(fmt::format("FETCH FORWARD {} FROM sluice_query", wanted), doing);
    const auto answer = connection_.next_result(doing);
    finish(answer, PGRES_TUPLES_OK, doing);
    if (result.columns.empty()) result.columns = columns_of(answer.get(), doing);
    const int count = PQntuples(answer.get());
    for (int i = 0; i < count; ++i) {
      OwnedRow row;
      for (int j = 0; j < PQnfields(answer.get()); ++j) row.push_back(cell(answer.get(), i, j, result.columns));
      budget.take(row);
      result.rows.push_back(std::move(row));
    }
    return static_cast<std::size_t>(count);
  }

  static OwnedCell cell(const PGresult* answer, int row, int column, const std::vector<ColumnDescription>& columns) {
    if (PQgetisnull(answer, row, column) != 0) return OwnedCell(RawCell::of_null());
    const std::string_view text(PQgetvalue(answer, row, column),
                                static_cast<std::size_t>(PQgetlength(answer, row, column)));
    if (columns[static_cast<std::size_t>(column)].type != ComparisonType::bytes)
      return OwnedCell(RawCell::of_text(text));
    return OwnedCell(RawCell::of_blob(undo_hexadecimal(text)));
  }

  std::uint64_t skip_rest(const std::string& doing) {
    connection_.start("MOVE FORWARD ALL FROM sluice_query", doing);
    const auto answer = connection_.next_result(doing);
    finish(answer, PGRES_COMMAND_OK, doing);
    return std::stoull(PQcmdTuples(answer.get()));
  }

  // Leaves the connection ready for the next statement, also after a failure.
  void finish(const PostgresConnection::Result& answer, ExecStatusType wanted, const std::string& doing) {
    if (!answer) connection_.fail(doing);
    while (connection_.next_result(doing)) {
    }
    if (PQresultStatus(answer.get()) != wanted) connection_.fail(doing, answer.get());
  }

  std::vector<ColumnDescription> columns_of(const PGresult* answer, const std::string& doing) {
    std::vector<ColumnDescription> columns;
    for (int i = 0; i < PQnfields(answer); ++i) {
      const std::string& type = type_name(PQftype(answer, i), doing);
      ColumnDescription column{.name = PQfname(answer, i), .declared = type};
      column.type = postgres_type(type);
      column.single_precision = type == "float4";
      columns.push_back(std::move(column));
    }
    return columns;
  }

  const std::string& type_name(Oid type, const std::string& doing) {
    auto known = types_.find(type);
    if (known == types_.end()) {
      const auto rows = connection_.query("SELECT typname FROM pg_catalog.pg_type WHERE oid = $1::oid",
                                          {std::to_string(type)}, doing);
      known = types_.emplace(type, rows.empty() ? "unknown" : rows[0][0].value_or("unknown")).first;
    }
    return known->second;
  }

  PostgresConnection connection_;
  std::map<Oid, std::string> types_;
};

}  // namespace

std::unique_ptr<SqlSession> open_postgres_sql_session(const std::string& url, const StoreOptions& options) {
  return std::make_unique<PostgresSqlSession>(url, options);
}

}  // namespace sluice::stores
