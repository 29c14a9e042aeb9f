#include "harness/cli/diff_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/core/parameters.hpp"
#include "reports/escape.hpp"
#include "reports/summary.hpp"

namespace sluice::cli {
namespace {

using nlohmann::ordered_json;
using reports::terminal_text;

constexpr const char* red = "\x1b[31m";
constexpr const char* green = "\x1b[32m";
constexpr const char* yellow = "\x1b[33m";

std::string painted(const std::string& text, const char* colour, bool wanted) {
  return wanted ? colour + text + "\x1b[0m" : text;
}

using reports::counted;
using reports::grouped;

std::string list(const std::vector<std::string>& names) {
  std::vector<std::string> safe;
  for (const auto& name : names) safe.push_back(terminal_text(name));
  return fmt::format("{}", fmt::join(safe, ", "));
}

std::string title(const TableDiff& table) {
  return terminal_text(table.old_table == table.new_table ? table.old_table
                                                          : table.old_table + " = " + table.new_table);
}

std::string where(const Finding& finding, const std::string& what) {
  const auto found =
      std::find_if(finding.where.begin(), finding.where.end(), [&](const auto& entry) { return entry.first == what; });
  return found == finding.where.end() ? std::string() : found->second;
}

std::string finding_line(const Finding& finding, bool colour) {
  const std::string row = where(finding, "row");  // of a table without a key: its values
  const std::string key = terminal_text(row.empty() ? where(finding, "key") : row);
  const std::string times = finding.occurrences > 1 ? fmt::format(", {}", counted(finding.occurrences, "time")) : "";
  if (finding.rule == "row-missing") return painted(fmt::format("  - {}: only in old{}", key, times), red, colour);
  if (finding.rule == "row-extra") return painted(fmt::format("  + {}: only in new{}", key, times), green, colour);
  if (finding.rule != "row-changed") {
    return painted(fmt::format("  ! {} ({})", terminal_text(finding.summary), counted(finding.occurrences, "time")),
                   yellow, colour);
  }
  const std::string column = terminal_text(where(finding, "column"));
  return fmt::format("  ~ {}: {}\n      {}\n      {}", key, column,
                     painted("old  " + terminal_text(finding.old_value.value_or("")), red, colour),
                     painted("new  " + terminal_text(finding.new_value.value_or("")), green, colour));
}

std::string counts(const TableDiff& table) {
  const auto& totals = table.totals;
  const std::string rows =
      totals.old_rows == totals.new_rows
          ? counted(totals.old_rows, "row")
          : fmt::format("{} old and {} new rows", grouped(totals.old_rows), grouped(totals.new_rows));
  if (table.differing_rows() == 0) return rows + " equal";
  return fmt::format("{} {}: {} changed, {} only in old, {} only in new; of {}", counted(table.differing_rows(), "row"),
                     table.differing_rows() == 1 ? "differs" : "differ", grouped(totals.changed),
                     grouped(totals.missing), grouped(totals.extra), rows);
}

// Copies of one row are one finding and as many differences.
std::uint64_t differences_shown(const TableDiff& table) {
  std::uint64_t shown = 0;
  for (const auto& finding : table.findings) {
    shown += finding.rule == "row-missing" || finding.rule == "row-extra" ? finding.occurrences : 1;
  }
  return shown;
}

std::string table_text(const TableDiff& table, bool colour) {
  if (!table.problem.empty()) {
    return fmt::format("{} {}: not compared: {}\n", painted("?", yellow, colour), title(table),
                       terminal_text(table.problem));
  }
  std::string text =
      fmt::format("{} {}: {}, {} ({}; {})\n", table.equal() ? painted("=", green, colour) : painted("≠", red, colour),
                  title(table), counts(table), counted(table.columns.size(), "column"), human_duration(table.duration),
                  terminal_text(table.strategy));
  if (!table.only_old.empty()) text += fmt::format("  columns only in old: {}\n", list(table.only_old));
  if (!table.only_new.empty()) text += fmt::format("  columns only in new: {}\n", list(table.only_new));
  for (const auto& finding : table.findings) text += finding_line(finding, colour) + "\n";
  if (const std::uint64_t shown = differences_shown(table); table.findings_total > shown) {
    text += fmt::format("  … and {} more; --sample N shows more rows\n",
                        counted(table.findings_total - shown, "difference"));
  }
  return text;
}

ordered_json difference_json(const Finding& finding) {
  ordered_json json = {{"kind", finding.rule.substr(sizeof("row-") - 1)}, {"key", where(finding, "key")}};
  if (const std::string row = where(finding, "row"); !row.empty()) {
    json["row"] = row;
    json["occurrences"] = finding.occurrences;
  }
  if (const std::string column = where(finding, "column"); !column.empty()) json["column"] = column;
  if (finding.rule == "row-changed" || finding.rule == "row-hazard") json["old"] = finding.old_value.value_or("");
  if (finding.rule == "row-changed") json["new"] = finding.new_value.value_or("");
  if (finding.rule == "row-hazard") json["summary"] = finding.summary;
  if (finding.rule == "row-hazard") json["occurrences"] = finding.occurrences;
  json["reproduce"] = finding.reproduce;
  return json;
}

ordered_json table_json(const TableDiff& table) {
  ordered_json json = {{"old_table", table.old_table}, {"new_table", table.new_table}};
  if (!table.problem.empty()) {
    json["result"] = "not compared";
    json["problem"] = table.problem;
    return json;
  }
  const auto& totals = table.totals;
  json["result"] = table.equal() ? "equal" : "differs";
  json["rows"] = {{"old", totals.old_rows},    {"new", totals.new_rows},     {"matched", totals.matched},
                  {"changed", totals.changed}, {"only_old", totals.missing}, {"only_new", totals.extra}};
  json["key"] = table.key;
  json["columns"] = table.columns;
  json["columns_only_old"] = table.only_old;
  json["columns_only_new"] = table.only_new;
  json["cells_changed"] = ordered_json::object();
  for (const auto& [column, cells] : table.cells_changed) json["cells_changed"][column] = cells;
  json["differences"] = ordered_json::array();
  json["hazards"] = ordered_json::array();
  for (const auto& finding : table.findings) {
    json[finding.rule == "row-hazard" ? "hazards" : "differences"].push_back(difference_json(finding));
  }
  json["strategy"] = table.strategy;
  json["duration_ns"] = table.duration.count();
  return json;
}

// One line, whatever a store has.
std::string left_out_line(const char* side, const std::vector<std::string>& names) {
  constexpr std::size_t most = 20;
  if (names.empty()) return {};
  const std::vector<std::string> first(names.begin(),
                                       names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), most)));
  return fmt::format("not compared, as views, virtual tables or partitions in {}: {}{}; name them with --table\n", side,
                     list(first), names.size() > most ? fmt::format(", … ({})", names.size()) : "");
}

}  // namespace

std::string as_text(const StoreDiff& diff, bool colour) {
  std::string text = fmt::format("old: {}\nnew: {}\n", terminal_text(diff.old_store), terminal_text(diff.new_store));
  std::size_t equal = 0;
  std::uint64_t rows = 0;
  for (const auto& table : diff.tables) {
    text += table_text(table, colour);
    if (table.equal()) ++equal;
    if (table.problem.empty()) rows += std::max(table.totals.old_rows, table.totals.new_rows);
  }
  if (!diff.only_old.empty()) text += fmt::format("tables only in old: {}\n", list(diff.only_old));
  if (!diff.only_new.empty()) text += fmt::format("tables only in new: {}\n", list(diff.only_new));
  text += left_out_line("old", diff.left_out_old) + left_out_line("new", diff.left_out_new);
  if (!diff.excluded.empty()) text += fmt::format("not compared, as excluded: {}\n", list(diff.excluded));
  if (diff.tables.empty()) return text + "no table is on both sides: nothing was compared\n";
  text += fmt::format("{} of {} equal; {} compared\n", grouped(equal), counted(diff.tables.size(), "table"),
                      counted(rows, "row"));
  return text;
}

ordered_json as_json(const StoreDiff& diff, int exit_code) {
  ordered_json json = {{"sluice_diff", 1},
                       {"old", diff.old_store},
                       {"new", diff.new_store},
                       {"exit_code", exit_code},
                       {"tables", ordered_json::array()},
                       {"tables_only_old", diff.only_old},
                       {"tables_only_new", diff.only_new},
                       {"left_out_old", diff.left_out_old},
                       {"left_out_new", diff.left_out_new},
                       {"excluded", diff.excluded}};
  for (const auto& table : diff.tables) json["tables"].push_back(table_json(table));
  return json;
}

}  // namespace sluice::cli
