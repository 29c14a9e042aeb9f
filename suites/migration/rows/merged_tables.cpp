#include "suites/migration/rows/merged_tables.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

#include "harness/core/printable.hpp"
#include "suites/migration/rows/row_merge.hpp"

namespace sluice::migration {
namespace {

constexpr std::size_t most_by_key = 20'000;
constexpr std::size_t keys_at_once = 200;  // SQLite nests no more than 1,000 conditions

// The rows of the new table under a condition, by its primary key or, without one, by all columns.
stores::ScanSpec scan_where(const TableMapping& mapping, std::string condition) {
  stores::ScanSpec scan{.table = mapping.new_table, .where = std::move(condition)};
  for (const auto& name : mapping.new_table.primary_key) {
    if (const auto* column = mapping.new_table.find(name)) scan.columns.push_back(*column);
  }
  if (scan.columns.empty()) scan.columns = mapping.new_table.columns;
  scan.rules.resize(scan.columns.size());
  return scan;
}

}  // namespace

// How many sources claim a row. A condition that is NULL claims nothing.
std::string MergedTable::claims(std::size_t altered, int times) const {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const std::string& condition = sources_[i]->request.where_new;
    const int weight = i == altered ? times : 1;
    parts.push_back(condition.empty() ? std::to_string(weight)
                                      : fmt::format("(CASE WHEN (\n{}\n) THEN {} ELSE 0 END)", condition, weight));
  }
  return fmt::format("({})", fmt::join(parts, " + "));
}

void MergedTable::count_claims(stores::Store& new_store, const Reading& reading, Counts& counts) const {
  const TableMapping& mapping = *sources_.front();
  const std::string table = printable(mapping.new_table.name, 100);
  const auto read = [&](const std::string& condition, std::uint64_t& count, const char* rule, const char* what) {
    stores::ScanSpec scan = scan_where(mapping, claims(reading.altered, reading.times) + condition);
    scan.only.assign(reading.only.begin(), reading.only.end());
    std::vector<std::string> names;
    for (const auto& column : scan.columns) names.push_back(column.name);
    const auto rows = new_store.scan(scan);
    scan.only.clear();
    stores::RawRow row;
    while (rows->next(row)) {
      ++count;
      if (!mapping.new_table.primary_key.empty() && counts.keys.size() < most_by_key)
        counts.keys.push_back(stores::own(row, row.size()));
      if (count > reading.sample) continue;
      const std::string key = printable_key(row, names);
      counts.findings.push_back({.rule = rule,
                                 .summary = fmt::format("{} {} of the new side {}", table, key, what),
                                 .where = {{"table", table}, {"key", key}},
                                 .new_value = "the row is there",
                                 .reproduce = fmt::format("{}  # new: {}", reading.reproduce,
                                                          new_store.select_row(scan, stores::own(row, row.size())))});
    }
  };
  if (!unclaimed_allowed_)
    read(" = 0", counts.unclaimed, "row-unclaimed", "belongs to none of the tables that went into it");
  read(" > 1", counts.contested, "row-contested", "belongs to more than one of the tables that went into it");
}

MergedTable::Counts MergedTable::count(stores::Store& new_store, std::size_t sample,
                                       const std::string& reproduce) const {
  Counts counts;
  count_claims(new_store, {.sample = sample, .reproduce = reproduce}, counts);
  return counts;
}

MergedTable::Counts MergedTable::recount(stores::Store& new_store, const Counts& last, std::size_t sample,
                                         const std::string& reproduce) const {
  if (!last.all_keyed()) return last;
  Counts counts;
  const std::span<const stores::OwnedRow> keys(last.keys);
  for (std::size_t begin = 0; begin < keys.size(); begin += keys_at_once) {
    const auto only = keys.subspan(begin, std::min(keys_at_once, keys.size() - begin));
    count_claims(new_store, {.sample = sample, .reproduce = reproduce, .only = only}, counts);
  }
  return counts;
}

Control MergedTable::control(stores::Store& new_store, const std::string& reproduce) const {
  if (!new_store.has_rows(scan_where(*sources_.front(), ""), 1)) {
    const std::string table = printable(sources_.front()->new_table.name, 100);
    return {.planted = fmt::format("nothing: {} is empty", table), .caught = true, .observed = "it is empty"};
  }
  const Control twice = control_of(new_store, reproduce, 2);
  if (unclaimed_allowed_) return twice;
  const Control without = control_of(new_store, reproduce, 0);
  return {.planted = without.planted + "; " + twice.planted,
          .caught = without.caught && twice.caught,
          .observed = without.observed + "; " + twice.observed};
}

// With the condition of one source counted so often.
Control MergedTable::control_of(stores::Store& new_store, const std::string& reproduce, int times) const {
  const std::string table = printable(sources_.front()->new_table.name, 100);
  const char* const claimed = times == 0 ? "by nobody" : "twice";
  const char* const found = times == 0 ? "unclaimed" : "contested";
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    Counts counts;
    count_claims(new_store, {.sample = 0, .reproduce = reproduce, .altered = i, .times = times}, counts);
    const std::uint64_t rows = times == 0 ? counts.unclaimed : counts.contested;
    if (rows == 0) continue;
    return {.planted = fmt::format("the rows of {} in {} claimed {}", printable(sources_[i]->request.old_table, 100),
                                   table, claimed),
            .caught = true,
            .observed = fmt::format("{} {} rows", rows, found)};
  }
  return {.planted = fmt::format("one source of {} after the other claimed {}", table, claimed),
          .observed = fmt::format("no {} row", found)};
}

std::vector<MergedTable> merged_tables(const std::vector<TableMapping>& mappings, bool unclaimed_allowed) {
  std::map<std::string, std::vector<const TableMapping*>> by_table;
  for (const auto& mapping : mappings) {
    const auto& table = mapping.new_table;
    by_table[table.identity.empty() ? table.sql_name : table.identity].push_back(&mapping);
  }
  std::vector<MergedTable> merged;
  for (auto& [table, sources] : by_table) {
    if (sources.size() > 1) merged.emplace_back(std::move(sources), unclaimed_allowed);
  }
  return merged;
}

}  // namespace sluice::migration
