#include "suites/migration/schema/catalog.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/core/ascii.hpp"
#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/plan/node.hpp"
#include "suites/migration/queries/invariant_comparison.hpp"

namespace sluice::migration {
namespace {

using plan::Node;

[[noreturn]] void refuse(const Node& node, const std::string& what) {
  throw InputError(fmt::format("{}: {}", node.at.to_string(), what));
}

std::string text_of(const Node& object, const char* key, bool required) {
  const Node* const node = object.find(key);
  if (node == nullptr && !required) return "";
  if (node == nullptr) refuse(object, fmt::format("an object of a schema snapshot needs `{}`", key));
  if (node->kind != Node::Kind::scalar) refuse(*node, fmt::format("`{}` must be a text", key));
  return node->text;
}

CatalogObject read_object(const Node& node) {
  if (node.kind != Node::Kind::map) refuse(node, "expected an object with kind, table, name and properties");
  for (const auto& [key, at, value] : node.members) {
    if (key != "kind" && key != "table" && key != "name" && key != "properties")
      refuse(value, fmt::format("unknown key '{}'; known: kind, table, name, properties", printable(key, 100)));
  }
  CatalogObject object{.kind = text_of(node, "kind", true),
                       .table = text_of(node, "table", false),
                       .name = text_of(node, "name", true),
                       .properties = {},
                       .notes = {}};
  const auto& kinds = catalog_kinds();
  if (std::find(kinds.begin(), kinds.end(), object.kind) == kinds.end()) {
    refuse(*node.find("kind"), fmt::format("{} is no kind of object; known: {}{}", printable(object.kind, 100),
                                           fmt::join(kinds, ", "), stores::did_you_mean(object.kind, kinds)));
  }
  if (const Node* properties = node.find("properties")) {
    if (properties->kind != Node::Kind::map) refuse(*properties, "`properties` must be a map");
    for (const auto& [key, at, value] : properties->members)
      object.properties[key] = text_of(*properties, key.c_str(), true);
  }
  return object;
}

std::pair<std::string, std::string> split_reference(const std::string& text) {
  const auto dot = text.rfind('.');
  if (dot == std::string::npos || dot == 0 || dot + 1 == text.size())
    throw InputError(fmt::format("`references`: '{}' is not a column; write table.column", printable(text, 100)));
  return {text.substr(0, dot), text.substr(dot + 1)};
}

std::string quoted(const std::string& table) {
  const auto dot = table.find('.');
  if (dot == std::string::npos) return stores::quote_identifier(table);
  return stores::quote_identifier(table.substr(0, dot)) + "." + stores::quote_identifier(table.substr(dot + 1));
}

bool has_object(const Catalog& catalog, const std::string& id) {
  if (catalog.engine == stores::Engine::postgres) return catalog.objects.contains(id);
  // As SQLite tells names apart.
  return std::any_of(catalog.objects.begin(), catalog.objects.end(),
                     [&](const auto& entry) { return ascii_lower(entry.first) == ascii_lower(id); });
}

std::vector<std::string> object_names(const Catalog& catalog, const std::string& kind, const std::string& table) {
  std::vector<std::string> names;
  for (const auto& [id, object] : catalog.objects) {
    if (object.kind == kind && object.table == table) names.push_back(object.name);
  }
  return names;
}

// What an end of a reference names and the catalog does not have; empty when it has it, or cannot tell.
std::string missing_end(const Catalog& catalog, const std::string& table, const std::string& column) {
  if (has_object(catalog, "view " + table)) return {};
  // What the session's search_path finds without its schema, the catalog may hold with it.
  const bool elsewhere = std::any_of(catalog.objects.begin(), catalog.objects.end(), [&](const auto& entry) {
    return entry.second.kind == "table" && entry.second.name.ends_with("." + table);
  });
  if (elsewhere) return {};
  if (!has_object(catalog, "table " + table)) {
    return fmt::format("there is no table {}{}", printable(table, 100),
                       stores::did_you_mean(table, object_names(catalog, "table", "")));
  }
  if (has_object(catalog, "column " + table + "." + column)) return {};
  return fmt::format("table {} has no column {}{}", printable(table, 100), printable(column, 100),
                     stores::did_you_mean(column, object_names(catalog, "column", table)));
}

// A reference of the plan's. Its names are judged only when the store refuses them, as the catalog holds less than a
// query may name: no tables of extensions, no rowid.
ReferenceState read_named_reference(stores::SqlSession& session, const Catalog& catalog, const std::string& child,
                                    const std::string& parent, std::size_t sample) {
  const auto [child_table, child_column] = split_reference(child);
  const auto [parent_table, parent_column] = split_reference(parent);
  try {
    return read_reference(session, quoted(child_table), quoted(parent_table),
                          {{stores::quote_identifier(child_column), stores::quote_identifier(parent_column)}},
                          child + " -> " + parent, false, sample);
  } catch (const InputError&) {
    std::string missing = missing_end(catalog, child_table, child_column);
    if (missing.empty()) missing = missing_end(catalog, parent_table, parent_column);
    if (missing.empty()) throw;
    throw InputError(fmt::format("`references`, {} -> {}: {}", printable(child, 200), printable(parent, 200), missing));
  }
}

}  // namespace

const std::vector<std::string>& catalog_kinds() {
  static const std::vector<std::string> kinds{"table",
                                              "column",
                                              "constraint",
                                              "index",
                                              "sequence",
                                              "trigger",
                                              "rule",
                                              "event_trigger",
                                              "view",
                                              "function",
                                              "type",
                                              "extension",
                                              "policy",
                                              "grant",
                                              "publication",
                                              "text_search_configuration",
                                              "text_search_dictionary"};
  return kinds;
}

void Catalog::add(CatalogObject object) {
  const std::string name = object.name;
  for (int number = 2; objects.contains(object.id()); ++number) object.name = fmt::format("{} #{}", name, number);
  objects.emplace(object.id(), std::move(object));
}

std::uint64_t Catalog::count(const std::string& kind) const {
  return static_cast<std::uint64_t>(
      std::count_if(objects.begin(), objects.end(), [&](const auto& entry) { return entry.second.kind == kind; }));
}

Catalog read_catalog(stores::SqlSession& session, const CatalogRequest& request) {
  Catalog catalog = session.engine() == stores::Engine::sqlite ? read_sqlite_catalog(session, request)
                                                               : read_postgres_catalog(session, request);
  for (const auto& [child, parent] : request.references) {
    catalog.references.push_back(read_named_reference(session, catalog, child, parent, request.sample));
  }
  return catalog;
}

ReferenceState read_reference(stores::SqlSession& session, const std::string& child, const std::string& parent,
                              const std::vector<std::pair<std::string, std::string>>& columns,
                              const std::string& reference, bool declared, std::size_t sample, Match match) {
  std::vector<std::string> selected, present, joined;
  for (const auto& [from, to] : columns) {
    selected.push_back("c." + from);
    present.push_back("c." + from + " IS NOT NULL");
    joined.push_back("p." + to + " = c." + from);
  }
  const std::string sql = fmt::format(
      "SELECT {} FROM {} c WHERE ({}) AND NOT EXISTS (SELECT 1 FROM {} p WHERE {})", fmt::join(selected, ", "), child,
      fmt::join(present, match == Match::full ? " OR " : " AND "), parent, fmt::join(joined, " AND "));
  const auto result = session.query(sql, {.rows = sample}, "looking for orphans of " + printable(reference, 200));
  ReferenceState state{
      .reference = reference, .declared = declared, .orphans = result.total, .sample = {}, .show = sql};
  for (std::size_t row = 0; row < result.rows.size(); ++row) state.sample.push_back(printable_result_row(result, row));
  return state;
}

std::string write_snapshot(const Catalog& catalog) {
  std::string text =
      fmt::format("{{\"sluice_schema\": 1, \"engine\": \"{}\", \"objects\": [\n", stores::to_string(catalog.engine));
  bool first = true;
  for (const auto& [id, object] : catalog.objects) {
    nlohmann::ordered_json line{{"kind", object.kind}};
    if (!object.table.empty()) line["table"] = object.table;
    line["name"] = object.name;
    line["properties"] = object.properties;
    text += (first ? "  " : ",\n  ") + line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    first = false;
  }
  return text + "\n]}\n";
}

Catalog read_snapshot(const std::string& text, const std::string& shown) {
  plan::Problems problems;
  const Node node = plan::read_yaml(text, shown, problems);
  if (!problems.empty()) throw InputError(problems.to_string());
  const Node* const version = node.find("sluice_schema");
  if (version == nullptr || version->text != "1")
    throw InputError(fmt::format("{}: not a schema snapshot: `sluice_schema: 1` is missing", shown));
  Catalog catalog;
  const std::string engine = text_of(node, "engine", true);
  if (engine != "SQLite" && engine != "PostgreSQL")
    throw InputError(fmt::format("{}: `engine` is SQLite or PostgreSQL, not {}", shown, printable(engine, 100)));
  catalog.engine = engine == "SQLite" ? stores::Engine::sqlite : stores::Engine::postgres;
  const Node* const objects = node.find("objects");
  if (objects == nullptr || objects->kind != Node::Kind::list || objects->items.empty())
    throw InputError(fmt::format("{}: `objects` must be a list with at least one object", shown));
  for (const auto& item : objects->items) catalog.add(read_object(item));
  return catalog;
}

}  // namespace sluice::migration
