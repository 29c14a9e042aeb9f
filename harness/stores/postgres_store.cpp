#include "harness/stores/postgres_store.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/copy_text.hpp"
#include "harness/stores/postgres_connection.hpp"
#include "harness/stores/postgres_digester.hpp"
#include "harness/stores/postgres_sql.hpp"

namespace sluice::stores {
namespace {

struct FreeMemory {
  void operator()(char* memory) const { PQfreemem(memory); }
};

/// Reads one COPY … TO STDOUT, a line at a time.
class CopyCursor final : public RowCursor {
 public:
  CopyCursor(PostgresConnection& connection, const std::string& sql, const ScanSpec& spec)
      : connection_(connection), doing_("reading table " + printable(spec.table.name, 100)) {
    for (std::size_t i = 0; i < spec.columns.size(); ++i) {
      bytes_columns_.push_back(spec.columns[i].type == ComparisonType::bytes);
      // COPY sends text; as a timestamp an integer is seconds, and the same digits in a text are not.
      const bool as_timestamp = i < spec.rules.size() && spec.rules[i].type == ComparisonType::timestamp;
      if (as_timestamp && spec.columns[i].type == ComparisonType::integer) second_columns_.push_back(i);
    }
    connection_.start_copy(sql, doing_);
    running_ = true;
  }
  ~CopyCursor() override {
    if (running_) connection_.abandon();
  }
  CopyCursor(const CopyCursor&) = delete;
  CopyCursor& operator=(const CopyCursor&) = delete;

  bool next(RawRow& row) override {
    if (!running_) return false;
    while (true) {
      char* buffer = nullptr;
      const int length = PQgetCopyData(connection_.handle(), &buffer, 1);
      line_.reset(buffer);
      if (length > 0) return take_line(static_cast<std::size_t>(length), row);
      if (length == -1) return finish();
      if (length < -1) connection_.fail(doing_);
      connection_.wait_readable(doing_);
    }
  }

 private:
  bool take_line(std::size_t length, RawRow& row) {
    ++rows_;
    if (line_.get()[length - 1] == '\n') --length;
    if (!split_copy_line({line_.get(), length}, bytes_columns_, row)) {
      throw EnvironmentError(fmt::format("{}: {}: row {} has not the {} columns that were asked for",
                                         connection_.name(), doing_, rows_, bytes_columns_.size()));
    }
    for (const std::size_t column : second_columns_) read_integer(row[column]);
    return true;
  }

  static void read_integer(RawCell& cell) {
    if (cell.storage != RawCell::Storage::text) return;
    std::int64_t value = 0;
    const auto* const end = cell.bytes.data() + cell.bytes.size();
    const auto [last, failure] = std::from_chars(cell.bytes.data(), end, value);
    if (failure == std::errc() && last == end) cell = RawCell::of_integer(value);
  }

  // The end counts only when the server says so, and says the same number of rows.
  bool finish() {
    const auto result = connection_.next_result(doing_);
    if (!result || PQresultStatus(result.get()) != PGRES_COMMAND_OK) connection_.fail(doing_, result.get());
    if (std::to_string(rows_) != PQcmdTuples(result.get())) {
      throw EnvironmentError(fmt::format("{}: {}: the server sent {} rows and says it sent {}", connection_.name(),
                                         doing_, rows_, PQcmdTuples(result.get())));
    }
    while (connection_.next_result(doing_)) {
    }
    running_ = false;
    return false;
  }

  PostgresConnection& connection_;
  std::string doing_;
  std::vector<bool> bytes_columns_;
  std::vector<std::size_t> second_columns_;  // integers that are read as seconds
  std::unique_ptr<char, FreeMemory> line_;
  std::uint64_t rows_ = 0;
  bool running_ = false;
};

// The expression by which PostgreSQL sorts `column` as the encoding of `type` sorts; empty when there is none. A
// database that is not in UTF-8 has its letters in another order.
std::string order_expression(const ColumnDescription& column, ComparisonType type, bool utf8) {
  using enum ComparisonType;
  const std::string name = quote_identifier(column.name);
  const ComparisonType own = column.type;
  const bool number = own == integer || own == decimal || own == float4 || own == float8;
  switch (type) {
    case text:
      if (!utf8) return "convert_to(" + name + "::text, 'UTF8')";
      return name + (own == text && column.native_order ? " COLLATE \"C\"" : "::text COLLATE \"C\"");
    case character:
      if (!utf8) return "convert_to(rtrim(" + name + "::text, ' '), 'UTF8')";
      return own == character ? name + " COLLATE \"C\"" : "rtrim(" + name + "::text, ' ') COLLATE \"C\"";
    case bytes:
      return own == bytes ? name : name + "::text COLLATE \"C\"";
    case uuid:
      if (own == text) return "lower(translate(" + name + "::text, '{}-', '')) COLLATE \"C\"";
      return own == uuid || own == bytes ? name : std::string();
    case decimal:
    case float4:
    case float8:
      return number ? name : std::string();
    case boolean:
      return own == boolean || own == integer || own == decimal ? name : std::string();
    case timestamp:
      return own == timestamp || own == date || own == integer ? name : std::string();
    case integer:
    case date:
    case ComparisonType::time:
      return own == type ? name : std::string();
    case exact:
    case json:
      return {};
  }
  return {};
}

class PostgresStore final : public Store {
 public:
  PostgresStore(const std::string& url, const StoreOptions& options)
      : connection_(url, options), digester_(connection_, url, options) {}

  const std::string& name() const override { return connection_.name(); }

  std::vector<std::string> tables() override {
    std::vector<std::string> names;
    for (auto& table : list("c.relkind IN ('r', 'p', 'v', 'm', 'f')")) names.push_back(std::move(table.name));
    return names;
  }
  std::vector<TableName> base_tables() override { return list("c.relkind IN ('r', 'p') AND NOT c.relispartition"); }

  TableDescription describe(const std::string& table) override {
    const std::string doing = "describing table " + printable(table, 100);
    const auto [oid, description] = find_table(table, doing);
    TableDescription result = description;
    read_columns(oid, result, doing);
    result.identity = fmt::format("{} {}", database_identity(doing), oid);
    const auto key = connection_.query(
        "SELECT a.attname FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, position) "
        "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum "
        "WHERE i.indrelid = $1::oid AND i.indisprimary AND k.position <= i.indnkeyatts ORDER BY k.position",
        {oid}, doing);
    for (const auto& row : key) result.primary_key.push_back(row[0].value_or(""));
    read_unique_keys(oid, result, doing);
    const auto encoding = connection_.query("SELECT current_setting('server_encoding')", {}, doing);
    result.utf8 = encoding.at(0).at(0) == "UTF8";
    return result;
  }

  void begin_snapshot() override {
    connection_.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", {}, "starting a snapshot");
    connection_.query("SELECT 1", {}, "starting a snapshot");  // the first statement takes the snapshot
    in_snapshot_ = true;
  }
  void end_snapshot() override {
    if (std::exchange(in_snapshot_, false)) connection_.query("COMMIT", {}, "ending a snapshot");
  }

  std::unique_ptr<RowCursor> scan(const ScanSpec& spec) override {
    return std::make_unique<CopyCursor>(connection_, scan_statement(spec), spec);
  }

  std::string select_row(const ScanSpec& spec, const OwnedRow& key) const override {
    return fmt::format("SELECT * FROM {} WHERE {};", spec.table.sql_name,
                       postgres_key_condition(connection_, spec, key));
  }

  Engine engine() const override { return Engine::postgres; }
  std::vector<BucketDigest> digest(const DigestSpec& spec) override { return digester_.digest(spec, in_snapshot_); }
  std::optional<KeyRange> key_range(const ScanSpec& spec) override { return digester_.key_range(spec); }
  std::string probe_hashes() override { return digester_.probe(); }
  bool has_rows(const ScanSpec& spec, std::uint64_t count) override {
    const std::string rows = postgres_condition(connection_, spec);
    const auto found =
        connection_.query(fmt::format("SELECT count(*)::text FROM (SELECT 1 FROM {}{}{} LIMIT {}) AS few",
                                      spec.table.sql_name, rows.empty() ? "" : " WHERE ", rows, count),
                          {}, "reading table " + printable(spec.table.name, 100));
    return !found.empty() && found[0][0] == std::to_string(count);
  }

 private:
  std::vector<TableName> list(const std::string& which) {
    const auto rows = connection_.query(
        "SELECT CASE WHEN pg_table_is_visible(c.oid) THEN c.relname ELSE n.nspname || '.' || c.relname END, "
        "quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = "
        "c.relnamespace WHERE " +
            which +
            " AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%' AND "
            "n.nspname NOT LIKE 'pg\\_temp\\_%' ORDER BY 1",
        {}, "listing its tables");
    std::vector<TableName> names;
    for (const auto& row : rows) names.push_back({.name = row[0].value_or(""), .qualified = row[1].value_or("")});
    return names;
  }

  std::pair<std::string, TableDescription> find_table(const std::string& table, const std::string& doing) {
    // The whole text as a visible table's name comes first, then SCHEMA.TABLE.
    const auto dot = table.find('.');
    const std::string schema = dot == std::string::npos ? "" : table.substr(0, dot);
    const std::string bare = dot == std::string::npos ? table : table.substr(dot + 1);
    const auto rows = connection_.query(
        "SELECT c.oid::text, quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.reltuples::bigint::text "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') "
        "AND ((c.relname = $1 AND pg_table_is_visible(c.oid)) OR (n.nspname = $2 AND c.relname = $3)) "
        "ORDER BY c.relname <> $1 LIMIT 1",
        {table, schema, bare}, doing);
    if (rows.empty()) throw_missing_table(*this, table, tables());
    TableDescription description{.name = table, .sql_name = rows[0][1].value_or("")};
    const std::string estimate = rows[0][2].value_or("");
    std::int64_t count = -1;
    std::from_chars(estimate.data(), estimate.data() + estimate.size(), count);
    if (count > 0) description.rows_estimate = static_cast<std::uint64_t>(count);
    return {rows[0][0].value_or(""), std::move(description)};
  }

  // The start time tells a server from its physical copies, which share the system identifier and all oids.
  std::string database_identity(const std::string& doing) {
    const auto place = connection_.query(
        "SELECT concat_ws(' ', 'postgresql', current_setting('port'), extract(epoch FROM pg_postmaster_start_time()), "
        "d.oid), has_function_privilege(to_regprocedure('pg_catalog.pg_control_system()')::oid, 'EXECUTE')::text "
        "FROM pg_database d WHERE d.datname = current_database()",
        {}, doing);
    if (place.empty()) throw EnvironmentError(fmt::format("{}: {}: it does not name its database", name_of(), doing));
    std::string identity = place[0][0].value_or("");
    if (place[0][1] != "true") return identity;
    const auto system = connection_.query("SELECT system_identifier::text FROM pg_control_system()", {}, doing);
    if (!system.empty()) identity += " " + system[0][0].value_or("");
    return identity;
  }

  void read_columns(const std::string& oid, TableDescription& description, const std::string& doing) {
    const auto rows = connection_.query(
        "WITH RECURSIVE base(attnum, type) AS ("
        "  SELECT attnum, atttypid FROM pg_attribute WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped"
        "  UNION ALL SELECT b.attnum, t.typbasetype FROM base b JOIN pg_type t ON t.oid = b.type AND t.typtype = 'd') "
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text, t.typname "
        "FROM pg_attribute a JOIN base b USING (attnum) JOIN pg_type t ON t.oid = b.type "
        "WHERE a.attrelid = $1::oid AND t.typtype <> 'd' ORDER BY a.attnum",
        {oid}, doing);
    for (const auto& row : rows) {
      const std::string type_name = row[3].value_or("");
      ColumnDescription column{.name = row[0].value_or(""), .declared = row[1].value_or("")};
      column.type = postgres_type(type_name);
      column.nullable = row[2] != "true";
      column.base_type = type_name;
      column.single_precision = type_name == "float4";
      column.native_order = column.type != ComparisonType::text || type_name == "text" || type_name == "varchar";
      description.columns.push_back(std::move(column));
    }
  }

  void read_unique_keys(const std::string& oid, TableDescription& description, const std::string& doing) {
    const auto rows = connection_.query(
        "SELECT i.indexrelid::text, a.attname FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS "
        "k(attnum, position) LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum "
        "WHERE i.indrelid = $1::oid AND i.indisunique AND i.indisvalid AND i.indisready AND i.indpred IS NULL AND "
        "i.indexprs IS NULL AND k.position <= i.indnkeyatts ORDER BY i.indisprimary DESC, i.indexrelid, k.position",
        {oid}, doing);
    std::string index;
    for (const auto& row : rows) {
      if (description.unique_keys.empty() || row[0] != index) description.unique_keys.emplace_back();
      index = row[0].value_or("");
      description.unique_keys.back().push_back(row[1].value_or(""));
    }
  }

  std::string scan_statement(const ScanSpec& spec) const {
    std::vector<std::string> names, order;
    for (const auto& column : spec.columns) names.push_back(quote_identifier(column.name));
    for (std::size_t i = 0; i < spec.key_columns; ++i) {
      const std::string expression = order_expression(spec.columns[i], spec.rules[i].type, spec.table.utf8);
      if (expression.empty()) {
        throw InputError(fmt::format(
            "{}: the key column {} of table {} is {} and cannot be sorted as {}; set types: {{COLUMN: text}} for it",
            name_of(), names[i], spec.table.name, spec.columns[i].declared, to_string(spec.rules[i].type)));
      }
      order.push_back(expression + " NULLS FIRST");
    }
    std::string sql = fmt::format("SELECT {} FROM {}", fmt::join(names, ", "), spec.table.sql_name);
    if (const std::string rows = postgres_condition(connection_, spec); !rows.empty()) sql += " WHERE " + rows;
    if (!order.empty()) sql += fmt::format(" ORDER BY {}", fmt::join(order, ", "));
    return fmt::format("COPY ({}) TO STDOUT", sql);
  }

  const std::string& name_of() const { return connection_.name(); }

  PostgresConnection connection_;
  PostgresDigester digester_;
  bool in_snapshot_ = false;
};

}  // namespace

std::unique_ptr<Store> open_postgres_store(const std::string& url, const StoreOptions& options) {
  return std::make_unique<PostgresStore>(url, options);
}

}  // namespace sluice::stores
