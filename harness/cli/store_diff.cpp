#include "harness/cli/store_diff.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "harness/core/ascii.hpp"
#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/run/exit_code.hpp"
#include "harness/stores/missing_table.hpp"

namespace sluice::cli {
namespace {

using Clock = std::chrono::steady_clock;
using migration::TableMapping;
using migration::TableRequest;
using stores::TableDescription;
using stores::TableName;
using Names = std::vector<std::string>;

// Nobody waits for a diff who did not start it, and Ctrl-C ends it: only a server that fell silent must be noticed.
constexpr std::chrono::hours longest_statement(24);

// Of `names`: `name` itself, else the only one that differs in ASCII case, since engines fold names differently.
std::optional<std::string> find_folded(const Names& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) != names.end()) return name;
  const auto alike = [&](const std::string& other) { return ascii_lower(other) == ascii_lower(name); };
  if (std::count_if(names.begin(), names.end(), alike) != 1) return std::nullopt;
  return *std::find_if(names.begin(), names.end(), alike);
}

Names names_of(const TableDescription& table) {
  Names names;
  for (const auto& column : table.columns) names.push_back(column.name);
  return names;
}

Names names_of(const std::vector<TableName>& tables) {
  Names names;
  for (const auto& table : tables) names.push_back(table.name);
  return names;
}

/// Both stores, with a snapshot of each.
class OpenStores {
 public:
  OpenStores(const DiffRequest& request, const std::stop_token& cancelled) {
    const stores::StoreOptions options{.statement_timeout = longest_statement, .cancelled = cancelled};
    old_side = stores::open_store(request.old_url, options);
    new_side = stores::open_store(request.new_url, options);
    old_side->begin_snapshot();
    new_side->begin_snapshot();
  }
  std::unique_ptr<stores::Store> old_side, new_side;
};

/// The command line asks for what is not there: nothing that a store could mend.
class WrongCommandLine : public InputError {
 public:
  using InputError::InputError;
};

/// Every column that the command line names must be there, and each of the key have a partner.
void require_columns(const DiffRequest& request, const Names& old_names, const Names& new_names,
                     const TableDiff& diff) {
  Names problems;
  const auto require = [&](const char* option, const char* side, const Names& names, const std::string& name) {
    const bool known = std::find(names.begin(), names.end(), name) != names.end();
    if (!known) {
      problems.push_back(fmt::format("{} names the column {}, which the {} side does not have{}", option,
                                     printable(name, 100), side, stores::did_you_mean(name, names)));
    }
    return known;
  };
  Names paired;
  for (const auto& [old_name, new_name] : request.columns) {
    paired.push_back(old_name);
    if (!require("--columns", "old", old_names, old_name)) continue;
    if (new_name.empty() && find_folded(new_names, old_name)) continue;
    require("--columns", "new", new_names, new_name.empty() ? old_name : new_name);
  }
  for (const auto& name : request.key) {
    if (!require("--key", "old", old_names, name)) continue;
    if (find_folded(new_names, name) || std::find(paired.begin(), paired.end(), name) != paired.end()) continue;
    problems.push_back(
        fmt::format("--key names the column {}, which the new side does not have; pair it with --columns "
                    "{}=NEW",
                    printable(name, 100), printable(name, 100)));
  }
  if (problems.empty()) return;
  throw WrongCommandLine(fmt::format("table {}: {}", printable(diff.old_table, 100), fmt::join(problems, "; ")));
}

/// What the mapping is asked for: with columns named, those alone; else all, and those of one side only are told of.
TableRequest table_request(const DiffRequest& request, const TableDescription& old_table,
                           const TableDescription& new_table, TableDiff& diff) {
  TableRequest asked{.old_table = diff.old_table, .new_table = diff.new_table, .key = request.key};
  asked.asked_by = migration::AskedBy::command_line;
  const Names old_names = names_of(old_table), new_names = names_of(new_table);
  require_columns(request, old_names, new_names, diff);
  if (request.columns.empty()) {
    for (const auto& name : old_names) {
      if (find_folded(new_names, name)) continue;
      diff.only_old.push_back(name);
      asked.ignore.push_back(name);
    }
    return asked;
  }
  Names wanted = request.key.empty() ? old_table.primary_key : request.key;
  for (const auto& [old_name, new_name] : request.columns) {
    wanted.push_back(old_name);
    if (!new_name.empty()) asked.columns[old_name] = new_name;
  }
  for (const auto& name : old_names) {
    if (std::find(wanted.begin(), wanted.end(), name) == wanted.end()) asked.ignore.push_back(name);
  }
  return asked;
}

void require_two_tables(const TableDescription& old_table, const TableDescription& new_table) {
  if (old_table.identity.empty() || old_table.identity != new_table.identity) return;
  throw WrongCommandLine(
      fmt::format("table {}: both sides are the same table of the same store, which would be compared "
                  "with itself; name two stores, or another table with --table A=B",
                  printable(old_table.name, 100)));
}

// The largest guess of either side; of a table without statistics the span of its integer key.
std::uint64_t expected_rows(OpenStores& stores, const TableMapping& mapping) {
  std::uint64_t rows =
      std::max(mapping.old_table.rows_estimate.value_or(0), mapping.new_table.rows_estimate.value_or(0));
  if (rows > 0) return rows;
  for (const auto& [store, scan] :
       {std::pair(stores.old_side.get(), mapping.old_scan()), std::pair(stores.new_side.get(), mapping.new_scan())}) {
    if (const auto range = store->key_range(scan)) {
      rows =
          std::max(rows, static_cast<std::uint64_t>(range->largest) - static_cast<std::uint64_t>(range->smallest) + 1);
    }
  }
  return rows;
}

void compare(OpenStores& stores, const DiffRequest& request, const DiffObserver& observer, TableDiff& diff) {
  auto old_table = stores.old_side->describe(diff.old_table);
  auto new_table = stores.new_side->describe(diff.new_table);
  require_two_tables(old_table, new_table);
  const TableRequest asked = table_request(request, old_table, new_table, diff);
  const TableMapping mapping = migration::map_table(asked, std::move(old_table), std::move(new_table));
  diff.key = mapping.key_names();
  for (const auto& column : mapping.columns) diff.columns.push_back(column.old_column.name);
  if (request.columns.empty()) diff.only_new = mapping.only_new;
  const std::uint64_t expected = expected_rows(stores, mapping);
  migration::ComparisonOptions options{
      .reproduce = request.reproduce, .sample = request.sample, .strategy = request.strategy};
  options.on_progress = [&](std::uint64_t rows) { observer.progressed(diff.old_table, rows, expected); };
  const auto result = migration::compare_table(*stores.old_side, *stores.new_side, mapping, options);
  diff.totals = result.totals;
  diff.strategy = result.strategy;
  diff.findings = result.evidence->findings();
  diff.findings_total = result.evidence->findings_total();
  for (std::size_t i = 0; i < mapping.columns.size(); ++i) {
    const std::uint64_t cells = result.evidence->cells_changed()[i];
    if (cells > 0) diff.cells_changed.emplace_back(mapping.columns[i].old_column.name, cells);
  }
}

// What a store shows as tables and base_tables() leaves out; not what SQLite's virtual tables keep their index in.
Names left_out(stores::Store& store, const std::vector<TableName>& base) {
  Names names;
  for (auto& name : store.tables()) {
    const bool compared =
        std::any_of(base.begin(), base.end(), [&](const TableName& table) { return table.name == name; });
    if (!compared) names.push_back(std::move(name));
  }
  if (store.engine() != stores::Engine::sqlite) return names;
  const Names all = names;
  std::erase_if(names, [&](const std::string& name) {
    return std::any_of(all.begin(), all.end(), [&](const std::string& other) { return name.starts_with(other + "_"); });
  });
  return names;
}

// Takes what the command line excludes out of both sides, whose names it may give with their schema.
void exclude(const Names& excluded, std::vector<TableName>& old_tables, std::vector<TableName>& new_tables) {
  Names problems;
  for (const auto& name : excluded) {
    const auto named = [&](const TableName& table) { return table.name == name || table.qualified == name; };
    if (std::erase_if(old_tables, named) + std::erase_if(new_tables, named) > 0) continue;
    Names known = names_of(old_tables);
    for (const auto& table : names_of(new_tables)) {
      if (std::find(known.begin(), known.end(), table) == known.end()) known.push_back(table);
    }
    problems.push_back(fmt::format("--exclude names the table {}, which neither side has{}", printable(name, 100),
                                   stores::did_you_mean(name, known)));
  }
  if (!problems.empty()) throw WrongCommandLine(fmt::format("{}", fmt::join(problems, "; ")));
}

/// Pairs the tables that nobody named. Two PostgreSQL stores may find other tables without their schema, as a role, a
/// database or the URL sets search_path: the same table of the same schema comes first, and only what is left over is
/// paired by the names that the sessions find.
void pair_by_name(OpenStores& stores, const DiffRequest& request, StoreDiff& diff) {
  std::vector<TableName> old_tables = stores.old_side->base_tables(), new_tables = stores.new_side->base_tables();
  diff.left_out_old = left_out(*stores.old_side, old_tables);
  diff.left_out_new = left_out(*stores.new_side, new_tables);
  exclude(request.exclude, old_tables, new_tables);
  diff.excluded = request.exclude;
  const auto pair = [&](const TableName& old_table, const std::function<bool(const TableName&)>& is_partner) {
    const auto partner = std::find_if(new_tables.begin(), new_tables.end(), is_partner);
    if (partner == new_tables.end()) return false;
    diff.tables.push_back({.old_table = old_table.name, .new_table = partner->name});
    new_tables.erase(partner);
    return true;
  };
  std::erase_if(old_tables, [&](const TableName& table) {
    return pair(table, [&](const TableName& other) { return other.qualified == table.qualified; });
  });
  for (const auto& table : old_tables) {
    const auto partner = find_folded(names_of(new_tables), table.name);
    if (partner && pair(table, [&](const TableName& other) { return other.name == *partner; })) continue;
    diff.only_old.push_back(table.name);
  }
  diff.only_new = names_of(new_tables);
  std::sort(diff.tables.begin(), diff.tables.end(),
            [](const TableDiff& left, const TableDiff& right) { return left.old_table < right.old_table; });
}

// Whether what was named on the command line is to blame, rather than a store or what it holds.
bool is_the_command_lines(const std::exception& error, const DiffRequest& request) {
  if (dynamic_cast<const WrongCommandLine*>(&error) != nullptr) return true;
  if (dynamic_cast<const migration::KeyNotUnique*>(&error) != nullptr) return !request.key.empty();
  return dynamic_cast<const stores::MissingTable*>(&error) != nullptr && !request.tables.empty();
}

}  // namespace

int StoreDiff::exit_code() const {
  const auto any = [&](auto&& holds) { return std::any_of(tables.begin(), tables.end(), holds); };
  if (any([](const TableDiff& table) { return table.asked_wrong; })) return run::ExitCode::usage;
  if (any([](const TableDiff& table) { return !table.problem.empty(); })) return run::ExitCode::environment;
  if (!only_old.empty() || !only_new.empty() || any([](const TableDiff& table) { return !table.equal(); })) {
    return run::ExitCode::no_go;
  }
  return any([](const TableDiff& table) { return table.totals.matched > 0; }) ? run::ExitCode::go
                                                                              : run::ExitCode::inconclusive;
}

StoreDiff diff_stores(const DiffRequest& request, const std::stop_token& cancelled, const DiffObserver& observer) {
  auto open = std::make_unique<OpenStores>(request, cancelled);
  StoreDiff diff{.old_store = open->old_side->name(), .new_store = open->new_side->name()};
  for (const auto& [old_table, new_table] : request.tables) {
    diff.tables.push_back({.old_table = old_table, .new_table = new_table});
  }
  if (request.tables.empty()) pair_by_name(*open, request, diff);
  for (auto& table : diff.tables) {
    observer.started(table.old_table);
    const auto began = Clock::now();
    try {
      // After a failure nothing of a connection can be relied on.
      if (!open) open = std::make_unique<OpenStores>(request, cancelled);
      compare(*open, request, observer, table);
    } catch (const Cancelled&) {
      throw;
    } catch (const std::exception& error) {
      table.problem = error.what();
      table.asked_wrong = is_the_command_lines(error, request);
    }
    if (!table.problem.empty()) open.reset();
    table.duration = Clock::now() - began;
    observer.finished(table.old_table);
  }
  return diff;
}

}  // namespace sluice::cli
