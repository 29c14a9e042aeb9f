#include "suites/migration/schema/unique_texts.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/core/ascii.hpp"

namespace sluice::migration {
namespace {

using Names = std::vector<std::string>;

// "a, lower(b)" at its commas outside of brackets.
Names split(const std::string& text) {
  Names parts(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == ',' && depth == 0)
      parts.emplace_back();
    else if (c != ' ' || !parts.back().empty())
      parts.back() += c;
  }
  return parts;
}

// What stands in the first brackets of "unique btree (a, lower(b)) where c"; and whether that is all.
std::pair<std::string, bool> in_brackets(const std::string& name) {
  const auto open = name.find('(');
  int depth = 0;
  for (auto at = open; at < name.size(); ++at) {
    depth += name[at] == '(' ? 1 : name[at] == ')' ? -1 : 0;
    if (depth == 0) return {name.substr(open + 1, at - open - 1), at + 1 == name.size()};
  }
  return {};
}

// lower((a)::text) is lower(a), and "a desc" a.
std::string plain(std::string part) {
  for (const std::string_view cast : {"::text", "::character varying", "::bpchar", " desc", " asc"}) {
    if (const auto at = part.find(cast); at != std::string::npos) part.erase(at, cast.size());
  }
  if (part.starts_with("upper(")) part.replace(0, 5, "lower");
  if (const auto at = part.find("(("); at != std::string::npos && part.ends_with("))"))
    part = part.substr(0, at + 1) + part.substr(at + 2, part.size() - at - 3);
  return part;
}

bool column_ignores_case(const std::string& table, const std::string& column, const Catalog& catalog) {
  const auto found = catalog.objects.find("column " + table + "." + column);
  if (found == catalog.objects.end()) return false;
  const auto is = [&](const char* note, const char* value) {
    const auto there = found->second.notes.find(note);
    return there != found->second.notes.end() && there->second == value;
  };
  return is("base", "citext") || is("deterministic", "false");
}

/// The columns that must be unique together, and which of them without regard to case.
std::vector<std::pair<std::string, bool>> promised_columns(const CatalogObject& unique) {
  const Names names = split(in_brackets(unique.name).first);
  const Names collations = split(ascii_lower(unique.property("collation").value_or("")));
  std::vector<std::pair<std::string, bool>> columns;
  for (std::size_t i = 0; i < names.size(); ++i)
    columns.emplace_back(plain(names[i]), i < collations.size() && collations[i] == "nocase");
  return columns;
}

}  // namespace

bool ignores_case(const CatalogObject& unique) {
  const bool is_unique = (unique.kind == "constraint" || unique.kind == "index") &&
                         (unique.name.starts_with("unique") || unique.name.starts_with("primary key"));
  if (!is_unique || unique.notes.contains("declared collation")) return false;
  const auto columns = promised_columns(unique);
  return std::any_of(columns.begin(), columns.end(), [](const auto& column) { return column.second; });
}

bool is_unique_without_case(const CatalogObject& unique, const Catalog& actual, bool same_columns) {
  std::multiset<std::string> by_expression;
  bool by_column = same_columns;
  for (const auto& [name, without_case] : promised_columns(unique)) {
    const bool itself = without_case && column_ignores_case(unique.table, name, actual);
    if (without_case && !itself) by_column = false;
    by_expression.insert(without_case && !itself ? "lower(" + name + ")" : name);
  }
  if (by_column) return true;
  return std::any_of(actual.objects.begin(), actual.objects.end(), [&](const auto& entry) {
    const CatalogObject& index = entry.second;
    if (index.kind != "index" || index.table != unique.table || !index.name.starts_with("unique btree (")) return false;
    const auto [list, is_all] = in_brackets(index.name);
    std::multiset<std::string> parts;
    for (auto& part : split(list)) parts.insert(plain(std::move(part)));
    return is_all && parts == by_expression;
  });
}

}  // namespace sluice::migration
