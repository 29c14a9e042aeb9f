#include "suites/migration/copies/store_state.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/sqlite_database.hpp"
#include "harness/stores/sqlite_pages.hpp"
#include "harness/stores/store_url.hpp"
#include "suites/migration/copies/full_text.hpp"
#include "suites/migration/copies/store_objects.hpp"
#include "suites/migration/rows/table_comparison.hpp"

namespace sluice::migration {
namespace {

constexpr std::size_t most_findings = 200;

// Byte for byte, read by SQLite's own hands: a file that is opened and closed beside it takes all locks with it that
// this process holds there, other checks' among them.
bool same_content(const std::string& left, const std::string& right, const stores::StoreOptions& options) {
  std::error_code absent;
  if (!std::filesystem::exists(left, absent) || !std::filesystem::exists(right, absent)) return false;
  stores::SqliteDatabase one(left, left, options), other(right, right, options);
  for (auto* database : {&one, &other}) {
    database->execute("BEGIN", "starting a snapshot");
    database->execute("SELECT count(*) FROM sqlite_schema", "starting a snapshot");
  }
  return stores::same_pages(one, other);
}

/// Compares one side.
class SideComparison {
 public:
  SideComparison(std::string side, std::string expected, std::string actual, const StateOptions& options,
                 StateDifference& result)
      : side_(std::move(side)),
        expected_(std::move(expected)),
        actual_(std::move(actual)),
        options_(options),
        result_(result) {}

  void run() {
    if (expected_.starts_with(stores::sqlite_scheme) &&
        same_content(path_of(expected_), path_of(actual_), options_.store)) {
      count_equal_tables();
      return;
    }
    const StoreObjects expected = read_objects(expected_, options_.store);
    // An action may have changed what names the sessions of a state find, which is no reason to call all else changed.
    if (!expected.search_path.empty()) options_.store.search_path = expected.search_path;
    const StoreObjects actual = read_objects(actual_, options_.store);
    if (options_.schema) compare_schema(expected, actual);
    if (options_.sequences) compare_sequences(expected, actual);
    if (options_.data) compare_tables(expected, actual);
    if (options_.data && expected_.starts_with(stores::sqlite_scheme)) {
      compare_schema({.schema = full_text(expected_)}, {.schema = full_text(actual_)});
    }
  }

 private:
  std::set<std::string> full_text(const std::string& url) const {
    if (!std::filesystem::exists(path_of(url))) return {};
    stores::SqliteDatabase database(url, path_of(url), options_.store);
    return full_text_lines(database);
  }
  std::string path_of(const std::string& url) const {
    return (options_.store.directory / url.substr(stores::sqlite_scheme.size())).string();
  }
  // Byte for byte the same file: its rows are compared, though nobody has read them one by one.
  void count_equal_tables() {
    const auto tables = read_objects(actual_, options_.store).tables;
    result_.tables += tables.size();
    stores::SqliteDatabase database(actual_, path_of(actual_), options_.store);
    for (const auto& table : tables) {
      stores::SqliteStatement count(database, "SELECT count(*) FROM " + stores::quote_identifier(table),
                                    "counting rows");
      if (count.step()) result_.rows += static_cast<std::uint64_t>(std::stoll(count.text(0)));
    }
  }

  bool ignored(const std::string& name) const { return options_.ignore.contains(name); }

  Finding& add(const char* rule, std::string summary) {
    ++result_.total;
    if (result_.findings.size() >= most_findings) {
      overflow_ = Finding{};
      return overflow_;
    }
    return result_.findings.emplace_back(Finding{
        .rule = rule, .summary = std::move(summary), .where = {{"side", side_}}, .reproduce = options_.reproduce});
  }

  void compare_schema(const StoreObjects& expected, const StoreObjects& actual) {
    for (const auto& line : expected.schema) {
      if (actual.schema.contains(line) || about_ignored(line)) continue;
      schema_finding("schema-missing", line, "is no longer there").old_value = printable(line, 300);
    }
    for (const auto& line : actual.schema) {
      if (expected.schema.contains(line) || about_ignored(line)) continue;
      schema_finding("schema-extra", line, "is there and should not be").new_value = printable(line, 300);
    }
  }

  Finding& schema_finding(const char* rule, const std::string& line, const char* what) {
    auto& finding = add(rule, fmt::format("{} {}", printable(line, 300), what));
    finding.where.emplace_back("object", printable(line, 300));
    return finding;
  }

  // "relation NAME …", "column NAME.COLUMN …": of an ignored name. Other lines are of a table whose name comes second.
  bool about_ignored(const std::string& line) const {
    const auto begin = line.find(' ') + 1;
    const std::string name = line.substr(begin, line.find(' ', begin) - begin);
    return ignored(name) || ignored(name.substr(0, name.find('.')));
  }

  void compare_sequences(const StoreObjects& expected, const StoreObjects& actual) {
    std::map<std::string, std::pair<std::string, std::string>> all;
    for (const auto& [name, next] : expected.sequences) all[name].first = next;
    for (const auto& [name, next] : actual.sequences) all[name].second = next;
    for (const auto& [name, next] : all) {
      const auto& [before, after] = next;
      if (before == after || ignored(name)) continue;
      // One that is gone is a matter of the schema; SQLite's is a row, which its table may have or not.
      const bool there = has_table(expected, name) && has_table(actual, name);
      if ((before.empty() || after.empty()) && !there) continue;
      if (options_.sequences_may_be_ahead && is_ahead(after, before)) continue;
      auto& finding = add("sequence-changed", fmt::format("sequence {} gives {} next, not {}", printable(name, 100),
                                                          shown(after), shown(before)));
      finding.where.emplace_back("sequence", printable(name, 100));
      finding.old_value = shown(before);
      finding.new_value = shown(after);
      note(name);
    }
  }

  static bool has_table(const StoreObjects& objects, const std::string& name) {
    return std::find(objects.tables.begin(), objects.tables.end(), name) != objects.tables.end();
  }
  static std::string shown(const std::string& next) { return next.empty() ? "no number of its own" : next; }
  static bool is_ahead(const std::string& actual, const std::string& expected) {
    const auto number = [](const std::string& text) {
      std::int64_t value = 0;
      const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
      return text.empty()             ? std::optional<std::int64_t>(INT64_MIN)
             : failure == std::errc() ? std::optional(value)
                                      : std::nullopt;
    };
    const auto here = number(actual), there = number(expected);
    return here && there && *here > *there;
  }

  void compare_tables(const StoreObjects& expected, const StoreObjects& actual) {
    std::unique_ptr<stores::Store> expected_store, actual_store;
    const bool sqlite = expected_.starts_with(stores::sqlite_scheme);
    const bool with_derived = sqlite ? options_.virtual_tables : options_.materialized_views;
    const auto holds_rows = [&](const StoreObjects& objects) {
      std::vector<std::string> all = objects.tables;
      if (with_derived) all.insert(all.end(), objects.derived.begin(), objects.derived.end());
      return all;
    };
    const auto before = holds_rows(expected), after = holds_rows(actual);
    for (const auto& table : before) {
      const bool there = std::find(after.begin(), after.end(), table) != after.end();
      if (!there || ignored(table)) continue;  // a table that is gone is a matter of the schema
      if (!expected_store) {
        expected_store = stores::open_store(expected_, options_.store);
        actual_store = stores::open_store(actual_, options_.store);
        expected_store->begin_snapshot();
        actual_store->begin_snapshot();
      }
      compare_table_of(table, *expected_store, *actual_store);
      ++result_.tables;
    }
    if (!options_.schema) report_missing_tables(expected, actual);
  }

  // Where schemas are not compared, a table with rows that is gone would go unseen.
  void report_missing_tables(const StoreObjects& expected, const StoreObjects& actual) {
    for (const auto& table : expected.tables) {
      if (ignored(table) || std::find(actual.tables.begin(), actual.tables.end(), table) != actual.tables.end())
        continue;
      add("row-missing", fmt::format("table {} is no longer there", printable(table, 100)))
          .where.emplace_back("table", printable(table, 100));
      note(table);
    }
  }

  void compare_table_of(const std::string& table, stores::Store& expected, stores::Store& actual) {
    TableRequest request{.old_table = table, .new_table = table, .zone = nullptr};
    auto before = expected.describe(table);
    auto after = actual.describe(table);
    for (const auto& column : before.columns) {
      const bool gone = after.find(column.name) == nullptr;
      if (gone || ignored(table + "." + column.name)) request.ignore.push_back(column.name);
    }
    if (expected_.starts_with(stores::sqlite_scheme)) {
      // Copies of one store hold the same bytes under the same type, whatever their column's declaration says.
      for (const auto& column : before.columns) {
        if (!column.native_order) request.types[column.name] = stores::ComparisonType::exact;
      }
      // SQLite takes NULL in a primary key, and such rows have nothing to be matched by.
      request.multiset = has_null_in_key(expected_, before) || has_null_in_key(actual_, after);
    } else if (before.primary_key.empty() && after.primary_key.empty()) {
      compare_digests(table, before, request.ignore);
      return;
    }
    const auto mapping = map_table(request, std::move(before), std::move(after));
    const auto compared = compare_table(expected, actual, mapping,
                                        {.reproduce = options_.reproduce,
                                         .sample = options_.sample,
                                         .spool = {.folder = options_.work, .limits = options_.store},
                                         .on_progress = [&](std::uint64_t) {
                                           if (options_.store.cancelled.stop_requested()) throw Cancelled();
                                         }});
    result_.rows += std::max(compared.totals.old_rows, compared.totals.new_rows);
    report_rows(table, compared);
  }

  bool has_null_in_key(const std::string& url, const stores::TableDescription& table) const {
    std::string condition;
    for (const auto& column : table.primary_key) {
      const auto* const described = table.find(column);
      if (described == nullptr || !described->nullable || described->native_order) continue;
      condition += (condition.empty() ? "" : " OR ") + stores::quote_identifier(column) + " IS NULL";
    }
    if (condition.empty()) return false;
    stores::SqliteDatabase database(url, path_of(url), options_.store);
    stores::SqliteStatement found(database, fmt::format("SELECT 1 FROM {} WHERE {} LIMIT 1", table.sql_name, condition),
                                  "looking for NULL in the key of table " + printable(table.name, 100));
    return found.step();
  }

  void compare_digests(const std::string& table, const stores::TableDescription& description,
                       const std::vector<std::string>& ignore) {
    std::vector<std::string> columns;
    for (const auto& column : description.columns) {
      if (std::find(ignore.begin(), ignore.end(), column.name) == ignore.end()) columns.push_back(column.name);
    }
    const auto digest = [&](const std::string& url) {
      return row_digest(url, options_.store, description.sql_name, columns);
    };
    const std::string before = digest(expected_), after = digest(actual_);
    std::uint64_t rows = 0;
    std::from_chars(before.data(), before.data() + before.find(' '), rows);
    result_.rows += rows;
    if (before == after) return;
    auto& finding = add("row-changed",
                        fmt::format("the rows of table {}, which has no primary key, differ", printable(table, 100)));
    finding.where.emplace_back("table", printable(table, 100));
    finding.old_value = before;
    finding.new_value = after;
    note(table);
  }

  void report_rows(const std::string& table, const TableResult& compared) {
    std::uint64_t reported = 0;
    for (const auto& row : compared.evidence->findings()) {
      if (row.rule == "row-hazard") continue;
      std::string place;
      for (const auto& [name, value] : row.where) place += (place.empty() ? "" : " ") + value;
      const char* const what = row.rule == "row-missing" ? "is missing"
                               : row.rule == "row-extra" ? "is too many"
                                                         : "differs";
      auto& finding = add(row.rule.c_str(), fmt::format("{} {}", place, what));
      finding.where.insert(finding.where.end(), row.where.begin(), row.where.end());
      finding.old_value = row.old_value;
      finding.new_value = row.new_value;
      ++reported;
    }
    const auto& totals = compared.totals;
    const std::uint64_t all = compared.evidence->cells_changed_total() + totals.missing + totals.extra;
    result_.total += all - std::min(all, reported);
    if (totals.missing + totals.extra > 0) note(table);
    for (std::size_t i = 0; i < compared.mapping.columns.size(); ++i) {
      if (compared.evidence->cells_changed()[i] > 0) note(table + "." + compared.mapping.columns[i].old_column.name);
    }
  }

  void note(const std::string& name) { result_.volatile_names.push_back(name); }

  std::string side_;
  std::string expected_;
  std::string actual_;
  StateOptions options_;
  StateDifference& result_;
  Finding overflow_;
};

}  // namespace

StateDifference compare_states(const std::map<std::string, std::string>& expected,
                               const std::map<std::string, std::string>& actual, const StateOptions& options) {
  StateDifference result;
  std::set<std::string> seen;
  for (const auto& [side, url] : expected) {
    if (seen.insert(url).second) SideComparison(side, url, actual.at(side), options, result).run();
  }
  return result;
}

std::vector<std::string> unsound(const std::map<std::string, std::string>& state, const stores::StoreOptions& options) {
  std::vector<std::string> all;
  std::set<std::string> seen;
  for (const auto& [side, url] : state) {
    if (!seen.insert(url).second) continue;
    for (auto& sentence : read_objects(url, options).unsound) all.push_back(std::move(sentence));
  }
  return all;
}

std::string damage_state(const std::map<std::string, std::string>& state, const stores::StoreOptions& options,
                         const std::set<std::string>& ignore) {
  // The side that a migration writes comes last by name. A row that takes others with it is the last resort: exactly
  // one is to be missed.
  for (const bool alone : {true, false}) {
    for (auto entry = state.rbegin(); entry != state.rend(); ++entry) {
      const auto store = stores::open_store(entry->second, options);
      for (const auto& table : read_objects(entry->second, options).tables) {
        if (ignore.contains(table)) continue;
        const std::string sql_name = store->describe(table).sql_name;
        if (alone && !loses_rows_alone(entry->second, options, sql_name)) continue;
        if (delete_one_row(entry->second, options, sql_name)) return table;
      }
    }
  }
  return "";
}

}  // namespace sluice::migration
