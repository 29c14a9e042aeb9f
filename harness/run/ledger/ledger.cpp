#include "harness/run/ledger/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "harness/run/ledger/head.hpp"
#include "harness/run/ledger/schema.hpp"

namespace sluice::ledger {
namespace {

namespace fs = std::filesystem;

std::string text_of(const Cell& cell) {
  const auto* text = std::get_if<std::string>(&cell);
  return text != nullptr ? *text : "";
}

std::int64_t integer_of(const Cell& cell) {
  const auto* integer = std::get_if<std::int64_t>(&cell);
  return integer != nullptr ? *integer : -1;
}

std::vector<std::string> column_list(const TableSpec& table, std::size_t count) {
  return {table.columns.begin(), table.columns.begin() + static_cast<std::ptrdiff_t>(count)};
}

void make_folder(const fs::path& path) {
  std::error_code failure;
  fs::create_directories(path.parent_path(), failure);
  if (failure) {
    throw LedgerError(fmt::format("the ledger {} cannot be made: {}: {}; name another with --ledger", path.string(),
                                  path.parent_path().string(), failure.message()));
  }
}

// The record that the mark names must still be there: else records that follow would hide that the end was lost.
void require_mark(Connection& connection, const Mark& mark) {
  if (mark.sequence == 0) return;
  Statement statement(connection, "SELECT record FROM runs WHERE sequence = ?");
  statement.bind(1, static_cast<std::int64_t>(mark.sequence));
  const bool there = statement.step() && text_of(statement.cell(0)) == mark.record;
  if (there) return;
  throw LedgerError(fmt::format(
      "the ledger {} does not hold record {} ({}) that {} names: it lost its end or was replaced; put the "
      "right file back, or remove both to begin another history",
      connection.path().string(), mark.sequence, mark.record.substr(0, 12), Head::path_of(connection.path()).string()));
}

// Opens the ledger for writing, makes or migrates its tables, and gives it a mark before its first record.
Connection open_for_writing(const fs::path& path) {
  Head head(path);
  Connection connection(path, Access::write);
  if (connection.ask("PRAGMA journal_mode = WAL") != "wal") {
    throw LedgerError(
        fmt::format("the ledger {} lies on a file system without shared memory, where runs cannot be "
                    "recorded safely; name another with --ledger",
                    path.string()));
  }
  connection.execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
  migrate(connection, migrations());
  if (!head.mark()) {
    if (connection.ask("SELECT count(*) FROM runs") != "0") {
      throw LedgerError(
          fmt::format("{} is missing beside its ledger, so nobody can tell whether records were removed; "
                      "put it back from where the ledger was copied, or begin another history",
                      Head::path_of(path).string()));
    }
    head.advance({.sequence = 0, .record = first_previous()});
  }
  return connection;
}

void insert(Connection& connection, const RunRows& rows, const std::string& record) {
  for (std::size_t table = 0; table < table_count; ++table) {
    const TableSpec& spec = tables()[table];
    std::vector<std::string> columns = spec.columns;
    if (table == 0) columns.push_back("record");
    const std::string marks = fmt::format("{}", fmt::join(std::vector<std::string>(columns.size(), "?"), ", "));
    Statement statement(connection,
                        fmt::format("INSERT INTO {} ({}) VALUES ({})", spec.name, fmt::join(columns, ", "), marks));
    for (const auto& row : rows[table]) {
      int index = 0;
      for (const auto& cell : row) statement.bind(++index, cell);
      if (table == 0) statement.bind(++index, record);
      statement.step();
      statement.reset();
    }
  }
}

// Reads the records in their order, from one on, and says where the chain breaks.
class ChainReader {
 public:
  ChainReader(Connection& connection, std::uint64_t from)
      : connection_(connection),
        from_(from),
        runs_(connection, fmt::format("SELECT {}, record FROM runs WHERE sequence >= ? ORDER BY sequence",
                                      fmt::join(tables()[0].columns, ", "))) {
    runs_.bind(1, from == 1 ? std::numeric_limits<std::int64_t>::min() : static_cast<std::int64_t>(from));
    for (std::size_t table = 1; table < table_count; ++table) {
      const TableSpec& spec = tables()[table];
      children_.emplace_back(
          connection, fmt::format("SELECT {} FROM {} WHERE sequence = ? ORDER BY {}", fmt::join(spec.columns, ", "),
                                  spec.name, fmt::join(column_list(spec, spec.key), ", ")));
    }
  }

  Verification read(const RecordVisitor& visitor) {
    Verification result{.records = from_ - 1, .newest = {}, .broken = {}, .problem = {}};
    std::string previous = first_previous();
    while (runs_.step()) {
      const std::uint64_t expected = result.records + 1;
      std::string record;
      const RunRows rows = next(record);
      // Where the reading begins, what came before is known by its hash alone.
      if (from_ > 1 && expected == from_) previous = text_of(rows[0][0][tables()[0].column("previous")]);
      const std::string why = problem_of(rows, record, previous, expected);
      if (!why.empty()) {
        result.broken = expected;
        result.problem = why;
        return result;
      }
      if (visitor) visitor(record, rows);
      previous = record;
      result.records = expected;
      result.newest = record;
    }
    find_strays(result);
    return result;
  }

 private:
  RunRows next(std::string& record) {
    RunRows rows;
    const int columns = static_cast<int>(tables()[0].columns.size());
    rows[0].emplace_back();
    for (int column = 0; column < columns; ++column) rows[0][0].push_back(runs_.cell(column));
    record = text_of(runs_.cell(columns));
    for (std::size_t table = 1; table < table_count; ++table) {
      Statement& statement = children_[table - 1];
      statement.reset();
      statement.bind(1, rows[0][0][0]);
      while (statement.step()) {
        Row row;
        for (int column = 0; column < static_cast<int>(tables()[table].columns.size()); ++column)
          row.push_back(statement.cell(column));
        rows[table].push_back(std::move(row));
      }
    }
    return rows;
  }

  static std::string problem_of(const RunRows& rows, const std::string& record, const std::string& previous,
                                std::uint64_t expected) {
    const Row& run = rows[0][0];
    if (integer_of(run[0]) != static_cast<std::int64_t>(expected))
      return fmt::format("record {} is missing: the next one there is {}", expected, integer_of(run[0]));
    if (integer_of(run[1]) != record_format)
      return fmt::format("record {} is of format {}, which this sluice does not know", expected, integer_of(run[1]));
    if (text_of(run[tables()[0].column("previous")]) != previous)
      return fmt::format("record {} does not follow the record before it: one of the two was replaced", expected);
    if (record_hash(previous, rows) != record)
      return fmt::format("record {} is not what was recorded: its rows were changed", expected);
    return "";
  }

  // Rows that belong to no run are no part of any hash. Behind the end they would get into the next record.
  void find_strays(Verification& result) {
    for (std::size_t table = 1; table < table_count; ++table) {
      const std::string& name = tables()[table].name;
      Statement statement(connection_, fmt::format("SELECT min(sequence) FROM {} WHERE {}", name,
                                                   from_ == 1 ? "sequence NOT IN (SELECT sequence FROM runs)"
                                                              : fmt::format("sequence > {}", result.records)));
      if (!statement.step() || std::holds_alternative<std::monostate>(statement.cell(0))) continue;
      const auto sequence = integer_of(statement.cell(0));
      if (result.broken && *result.broken <= static_cast<std::uint64_t>(std::max<std::int64_t>(sequence, 0))) continue;
      result.broken = static_cast<std::uint64_t>(std::max<std::int64_t>(sequence, 0));
      result.problem = fmt::format("{} holds rows of record {}, which is not there", name, sequence);
    }
  }

  Connection& connection_;
  std::uint64_t from_;
  Statement runs_;
  std::vector<Statement> children_;
};

void check_mark(const fs::path& path, const std::optional<Mark>& mark, const std::string& marked_record,
                Verification& result) {
  if (!result.holds()) return;
  if (!mark) {
    if (result.records == 0) return;
    result.problem = fmt::format("{} is missing, so nobody can tell whether records after {} were removed",
                                 Head::path_of(path).string(), result.records);
  } else if (mark->sequence > result.records) {
    result.broken = result.records + 1;
    result.problem = fmt::format("record {} is missing: {} names record {} as the newest, and the ledger ends with {}",
                                 result.records + 1, Head::path_of(path).string(), mark->sequence, result.records);
  } else if (mark->sequence > 0 && marked_record != mark->record) {
    result.broken = mark->sequence;
    result.problem = fmt::format("record {} is another than {} names: the history was written again", mark->sequence,
                                 Head::path_of(path).string());
  }
}

}  // namespace

LedgerEntry append(const fs::path& file, const RunResult& result, const Clock& clock) {
  const fs::path path = fs::absolute(file);
  make_folder(path);
  Connection connection = open_for_writing(path);
  LedgerEntry entry{.path = path.string(), .sequence = 1, .record = {}, .problem = {}, .asked = false};
  {
    Transaction transaction(connection, "IMMEDIATE");
    // Marks follow commits, so whatever it names is in the state that this transaction sees.
    if (const auto mark = Head::read(path)) require_mark(connection, *mark);
    Place place{.sequence = 1, .recorded = clock.today(), .previous = first_previous()};
    {
      Statement last(connection, "SELECT sequence, record FROM runs ORDER BY sequence DESC LIMIT 1");
      if (last.step()) {
        place.sequence = static_cast<std::uint64_t>(integer_of(last.cell(0))) + 1;
        place.previous = text_of(last.cell(1));
      }
    }
    const RunRows rows = rows_of(result, place);
    entry.sequence = place.sequence;
    entry.record = record_hash(place.previous, rows);
    insert(connection, rows, entry.record);
    transaction.commit();
  }
  try {
    Head(path).advance({.sequence = entry.sequence, .record = entry.record});
  } catch (const LedgerError& error) {
    // The record is there and stays; only its loss would go unnoticed until the next one.
    entry.problem = error.what();
  }
  return entry;
}

Verification read(const fs::path& file, const RecordVisitor& visitor, std::uint64_t from) {
  const fs::path path = fs::absolute(file);
  const auto mark = Head::read(path);  // before the tables: they may be newer than the mark, never older
  Connection connection(path, Access::read);
  Transaction transaction(connection, "DEFERRED");
  require_version(connection, migrations());
  std::string marked_record;
  // Without a mark nothing holds what is read: then all of it is.
  const std::uint64_t begin = mark ? std::max<std::uint64_t>(std::min(from, mark->sequence), 1) : 1;
  Verification result = ChainReader(connection, begin).read([&](const std::string& record, const RunRows& rows) {
    if (mark && integer_of(rows[0][0][0]) == static_cast<std::int64_t>(mark->sequence)) marked_record = record;
    if (visitor) visitor(record, rows);
  });
  check_mark(path, mark, marked_record, result);
  // Damage to what only finds rows (indexes, free pages) changes no record, but the next ones would be lost in it.
  if (result.holds() && begin == 1) {
    const std::string damage = connection.ask("PRAGMA integrity_check(1)");
    if (damage != "ok") result.problem = fmt::format("the file is damaged: {}", damage);
  }
  return result;
}

std::optional<std::uint64_t> find_newest(const fs::path& file, const std::string& plan_name, const std::string& phase,
                                         Sought sought) {
  Connection connection(fs::absolute(file), Access::read);
  Transaction transaction(connection, "DEFERRED");
  require_version(connection, migrations());
  const auto newest = [&](const std::string& condition) -> std::optional<std::uint64_t> {
    Statement statement(connection,
                        "SELECT phases.sequence FROM phases CROSS JOIN runs ON runs.sequence = phases.sequence "
                        "WHERE phases.name = ? AND runs.plan_name = ? AND phases.entered_only = 0 AND " +
                            condition + " ORDER BY phases.sequence DESC LIMIT 1");
    statement.bind(1, phase);
    statement.bind(2, plan_name);
    if (!statement.step()) return std::nullopt;
    return static_cast<std::uint64_t>(std::max<std::int64_t>(integer_of(statement.cell(0)), 1));
  };
  if (sought == Sought::go) return newest("phases.decision = 'GO' AND phases.partial = 0");
  const auto counts =
      newest("(phases.partial = 0 OR (runs.external = 1 AND phases.actions > 0) OR phases.decision = 'NO-GO')");
  return counts ? counts : newest("TRUE");
}

namespace {

std::string show(const Cell& cell) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&cell)) return fmt::format("{}", *real);
  if (const auto* text = std::get_if<std::string>(&cell)) return fmt::format("\"{}\"", text->substr(0, 200));
  return "nothing";
}

std::string first_difference(const RunRows& recorded, const RunRows& reported,
                             const std::function<std::string(const std::string&)>& same_text) {
  for (std::size_t table = 0; table < table_count; ++table) {
    const TableSpec& spec = tables()[table];
    if (recorded[table].size() != reported[table].size()) {
      return fmt::format("{}: the record holds {}, the report {}", spec.name, recorded[table].size(),
                         reported[table].size());
    }
    for (std::size_t row = 0; row < recorded[table].size(); ++row) {
      for (std::size_t column = 0; column < spec.columns.size(); ++column) {
        Cell then = recorded[table][row][column];
        if (auto* text = std::get_if<std::string>(&then)) *text = same_text(*text);
        if (then == reported[table][row][column]) continue;
        return fmt::format("{} of {} {}: the record says {}, the report {}", spec.columns[column], spec.name, row + 1,
                           show(then), show(reported[table][row][column]));
      }
    }
  }
  return "";
}

}  // namespace

std::string compare_with_report(const fs::path& path, const RunResult& report,
                                const std::function<std::string(const std::string&)>& same_text) {
  if (report.ledger.record.empty()) return "the report says that its run was not recorded";
  std::optional<std::string> answer;
  const auto verification = read(path, [&](const std::string& record, const RunRows& rows) {
    if (record != report.ledger.record) return;
    const Row& run = rows[0][0];
    const Place place{.sequence = static_cast<std::uint64_t>(integer_of(run[0])),
                      .recorded = TimePoint(std::chrono::duration_cast<TimePoint::duration>(
                          std::chrono::nanoseconds(integer_of(run[tables()[0].column("recorded")])))),
                      .previous = text_of(run[tables()[0].column("previous")])};
    answer = first_difference(rows, rows_of(report, place), same_text);
  });
  if (!verification.holds()) throw LedgerError(fmt::format("the ledger {}: {}", path.string(), verification.problem));
  if (answer) return *answer;
  return fmt::format("record {} ({}) of the report is not in the ledger: its history was cut off or written again",
                     report.ledger.sequence, report.ledger.record.substr(0, 12));
}

}  // namespace sluice::ledger
