#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>

#include "harness/core/ascii.hpp"
#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "suites/migration/schema/catalog.hpp"
#include "suites/migration/schema/sqlite_checks.hpp"
#include "suites/migration/schema/sqlite_clauses.hpp"
#include "suites/migration/schema/sqlite_statements.hpp"

namespace sluice::migration {
namespace {

using stores::SqlResult;

class SqliteCatalogReader {
 public:
  SqliteCatalogReader(stores::SqlSession& session, const CatalogRequest& request)
      : session_(session), request_(request) {
    catalog_.engine = stores::Engine::sqlite;
  }

  Catalog read() {
    const SqlResult tables =
        run("SELECT l.name, l.type, s.sql FROM pragma_table_list l LEFT JOIN sqlite_schema s ON s.type = 'table' AND "
            "s.name = l.name WHERE l.schema = 'main' AND l.type IN ('table', 'virtual') "
            "AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY l.name");
    for (std::size_t row = 0; row < tables.rows.size(); ++row) {
      const std::string table = tables.text(row, 0).value_or("");
      CatalogObject object{.kind = "table",
                           .table = "",
                           .name = table,
                           .properties = {{"type", tables.text(row, 1) == "virtual" ? "virtual table" : "table"}},
                           .notes = check_notes(tables.text(row, 2).value_or(""))};
      const std::string clauses = sqlite_clauses(tables.text(row, 2).value_or(""));
      if (!clauses.empty()) object.properties["clauses"] = clauses;
      catalog_.add(std::move(object));
      read_columns(table);
      read_indexes(table);
      read_foreign_keys(table);
    }
    const SqlResult others =
        run("SELECT type, tbl_name, name, sql FROM sqlite_schema WHERE type IN ('view', 'trigger')");
    for (std::size_t row = 0; row < others.rows.size(); ++row) {
      const std::string kind = others.text(row, 0).value_or("");
      catalog_.add({.kind = kind,
                    .table = kind == "trigger" ? others.text(row, 1).value_or("") : "",
                    .name = others.text(row, 2).value_or(""),
                    .properties = {{"definition", others.text(row, 3).value_or("")}},
                    .notes = {}});
    }
    catalog_.broken = broken_statements(session_, catalog_);
    return std::move(catalog_);
  }

 private:
  SqlResult run(const std::string& sql) { return session_.query(sql, {.rows = 200'000}, "reading the schema"); }

  // "check 001" -> the expression, of the text of a table.
  static std::map<std::string, std::string> check_notes(const std::string& sql) {
    std::map<std::string, std::string> checks;
    for (auto& expression : check_expressions(sql))
      checks.emplace(fmt::format("check {:03}", checks.size() + 1), std::move(expression));
    return checks;
  }

  void read_columns(const std::string& table) {
    const SqlResult columns =
        run("SELECT name, type, \"notnull\", dflt_value, pk, hidden IN (2, 3) FROM pragma_table_xinfo(" +
            stores::quote_literal(table) + ") WHERE hidden <> 1 ORDER BY cid");
    std::vector<std::pair<int, std::string>> key;
    for (std::size_t row = 0; row < columns.rows.size(); ++row) {
      const int place = std::stoi(columns.text(row, 4).value_or("0"));
      if (place > 0) key.emplace_back(place, columns.text(row, 0).value_or(""));
    }
    std::sort(key.begin(), key.end());
    for (std::size_t row = 0; row < columns.rows.size(); ++row) {
      CatalogObject column{
          .kind = "column", .table = table, .name = columns.text(row, 0).value_or(""), .properties = {}, .notes = {}};
      const std::string type = columns.text(row, 1).value_or("");
      const bool in_key = columns.text(row, 4) != "0";
      const bool rowid = in_key && key.size() == 1 && ascii_lower(type) == "integer";
      column.properties["type"] = type;
      column.properties["nullable"] = columns.text(row, 2) == "1" || in_key ? "false" : "true";
      if (const auto value = columns.text(row, 3)) column.properties["default"] = *value;
      column.notes["place"] = std::to_string(row);
      column.notes["numbered"] = rowid ? "true" : "false";
      column.notes["generated"] = columns.text(row, 5) == "1" ? "true" : "false";
      catalog_.add(std::move(column));
    }
    std::vector<std::string> names;
    for (const auto& [place, name] : key) names.push_back(name);
    if (!names.empty()) add_constraint(table, fmt::format("primary key ({})", fmt::join(names, ", ")));
  }

  void add_constraint(const std::string& table, std::string name, std::map<std::string, std::string> properties = {}) {
    catalog_.add({.kind = "constraint",
                  .table = table,
                  .name = std::move(name),
                  .properties = std::move(properties),
                  .notes = {}});
  }

  void read_indexes(const std::string& table) {
    const SqlResult indexes =
        run("SELECT l.name, l.\"unique\", l.origin, l.partial, s.sql FROM pragma_index_list(" +
            stores::quote_literal(table) + ") l LEFT JOIN sqlite_schema s ON s.type = 'index' AND s.name = l.name");
    for (std::size_t row = 0; row < indexes.rows.size(); ++row) {
      const std::string origin = indexes.text(row, 2).value_or("");
      const SqlResult columns =
          run("SELECT name, \"desc\", coll FROM pragma_index_xinfo(" +
              stores::quote_literal(indexes.text(row, 0).value_or("")) + ") WHERE key = 1 ORDER BY seqno");
      std::vector<std::string> names, collations;
      std::map<std::string, std::string> properties;
      bool plain = indexes.text(row, 3) == "0";
      for (std::size_t i = 0; i < columns.rows.size(); ++i) {
        plain = plain && columns.text(i, 0).has_value();  // an expression has no name
        names.push_back(columns.text(i, 0).value_or("") + (columns.text(i, 1) == "1" ? " DESC" : ""));
        collations.push_back(columns.text(i, 2).value_or(""));
      }
      const auto is_binary = [](const std::string& collation) { return ascii_lower(collation) == "binary"; };
      if (!std::all_of(collations.begin(), collations.end(), is_binary))
        properties["collation"] = fmt::format("{}", fmt::join(collations, ", "));
      if (origin == "pk") {  // read with the columns
        const auto key =
            catalog_.objects.find(fmt::format("constraint {}.primary key ({})", table, fmt::join(names, ", ")));
        if (key != catalog_.objects.end()) key->second.properties.merge(properties);
        continue;
      }
      if (origin == "u") {
        add_constraint(table, fmt::format("unique ({})", fmt::join(names, ", ")), std::move(properties));
        continue;
      }
      const std::string sql = indexes.text(row, 4).value_or("");
      const auto open = sql.find('(');
      const std::string what =
          plain || open == std::string::npos ? fmt::format("({})", fmt::join(names, ", ")) : sql.substr(open);
      catalog_.add({.kind = "index",
                    .table = table,
                    .name = (indexes.text(row, 1) == "1" ? "unique btree " : "btree ") + what,
                    .properties = std::move(properties),
                    .notes = {}});
    }
  }

  void read_foreign_keys(const std::string& table) {
    const SqlResult keys = run(
        "SELECT f.id, f.\"table\", f.\"from\", coalesce(f.\"to\", (SELECT p.name FROM pragma_table_info(f.\"table\") p "
        "WHERE p.pk = f.seq + 1)), lower(f.on_delete), lower(f.on_update) FROM pragma_foreign_key_list(" +
        stores::quote_literal(table) + ") f ORDER BY f.id, f.seq");
    for (std::size_t row = 0; row < keys.rows.size();) {
      const auto at = [&](std::size_t r, std::size_t column) { return keys.text(r, column).value_or(""); };
      const std::size_t first = row;
      std::vector<std::string> own, other;
      std::vector<std::pair<std::string, std::string>> quoted;
      for (; row < keys.rows.size() && at(row, 0) == at(first, 0); ++row) {
        own.push_back(at(row, 2));
        other.push_back(at(row, 3));
        quoted.emplace_back(stores::quote_identifier(at(row, 2)), stores::quote_identifier(at(row, 3)));
      }
      const std::string parent = at(first, 1);
      add_constraint(table,
                     fmt::format("foreign key ({}) -> {} ({})", fmt::join(own, ", "), parent, fmt::join(other, ", ")),
                     {{"on_delete", at(first, 4)}, {"on_update", at(first, 5)}});
      if (!request_.foreign_keys) continue;
      const std::string reference = fmt::format("{}.{} -> {}.{}", table, own[0], parent, other[0]);
      const auto [countable, unusable] = look_at_parent(parent, other);
      ReferenceState state{.reference = reference, .declared = true, .sample = {}, .show = ".schema " + table};
      if (countable) {
        state = read_reference(session_, stores::quote_identifier(table), stores::quote_identifier(parent), quoted,
                               reference, true, request_.sample);
      }
      state.unusable = unusable;
      catalog_.references.push_back(std::move(state));
    }
  }

  // SQLite keeps a foreign key to anything, and refuses writes under it later (https://www.sqlite.org/foreignkeys.html,
  // "Required and Suggested Database Indexes"). Whether rows can be looked for, and what is wrong.
  std::pair<bool, std::string> look_at_parent(const std::string& parent, const std::vector<std::string>& columns) {
    const std::string name = stores::quote_literal(parent);
    const SqlResult there = run("SELECT name, pk FROM pragma_table_xinfo(" + name + ")");
    if (there.rows.empty()) return {false, fmt::format("there is no table {}", printable(parent, 100))};
    std::set<std::string> wanted, all, key;
    for (const auto& column : columns) wanted.insert(ascii_lower(column));
    for (std::size_t row = 0; row < there.rows.size(); ++row) {
      const std::string column = ascii_lower(there.text(row, 0).value_or(""));
      all.insert(column);
      if (there.text(row, 1) != "0") key.insert(column);
    }
    if (!std::includes(all.begin(), all.end(), wanted.begin(), wanted.end()))
      return {false, fmt::format("{} has no column {}", printable(parent, 100), fmt::join(columns, ", "))};
    if (key == wanted) return {true, {}};
    const SqlResult unique =
        run("SELECT name FROM pragma_index_list(" + name + ") WHERE \"unique\" = 1 AND partial = 0");
    for (std::size_t row = 0; row < unique.rows.size(); ++row) {
      const SqlResult of = run("SELECT lower(name) FROM pragma_index_info(" +
                               stores::quote_literal(unique.text(row, 0).value_or("")) + ")");
      std::set<std::string> indexed;
      for (std::size_t i = 0; i < of.rows.size(); ++i) indexed.insert(of.text(i, 0).value_or(""));
      if (indexed == wanted) return {true, {}};
    }
    return {true,
            fmt::format("{} of {} are no key, nor unique together", fmt::join(columns, ", "), printable(parent, 100))};
  }

  stores::SqlSession& session_;
  const CatalogRequest& request_;
  Catalog catalog_;
};

}  // namespace

Catalog read_sqlite_catalog(stores::SqlSession& session, const CatalogRequest& request) {
  return SqliteCatalogReader(session, request).read();
}

}  // namespace sluice::migration
