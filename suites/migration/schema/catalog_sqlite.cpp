#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "harness/core/ascii.hpp"
#include "suites/migration/schema/catalog.hpp"
#include "suites/migration/schema/sqlite_checks.hpp"

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
        run("SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual') "
            "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name");
    for (std::size_t row = 0; row < tables.rows.size(); ++row) {
      const std::string table = tables.text(row, 0).value_or("");
      catalog_.add({.kind = "table",
                    .table = "",
                    .name = table,
                    .properties = {{"type", tables.text(row, 1) == "virtual" ? "virtual table" : "table"}},
                    .notes = read_checks(table)});
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
    return std::move(catalog_);
  }

 private:
  SqlResult run(const std::string& sql) { return session_.query(sql, {.rows = 200'000}, "reading the schema"); }

  // "check 001" -> the expression: SQLite keeps them in the text of the table alone.
  std::map<std::string, std::string> read_checks(const std::string& table) {
    const SqlResult definition =
        run("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = " + stores::quote_literal(table));
    std::map<std::string, std::string> checks;
    for (std::size_t row = 0; row < definition.rows.size(); ++row) {
      for (auto& expression : check_expressions(definition.text(row, 0).value_or("")))
        checks.emplace(fmt::format("check {:03}", checks.size() + 1), std::move(expression));
    }
    return checks;
  }

  void read_columns(const std::string& table) {
    const SqlResult columns = run("SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_xinfo(" +
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
      column.notes["numbered"] = rowid ? "true" : "false";
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
      if (origin == "pk") continue;
      const SqlResult columns =
          run("SELECT name, \"desc\" FROM pragma_index_xinfo(" +
              stores::quote_literal(indexes.text(row, 0).value_or("")) + ") WHERE key = 1 ORDER BY seqno");
      std::vector<std::string> names;
      bool plain = indexes.text(row, 3) == "0";
      for (std::size_t i = 0; i < columns.rows.size(); ++i) {
        plain = plain && columns.text(i, 0).has_value();  // an expression has no name
        names.push_back(columns.text(i, 0).value_or("") + (columns.text(i, 1) == "1" ? " DESC" : ""));
      }
      if (origin == "u") {
        add_constraint(table, fmt::format("unique ({})", fmt::join(names, ", ")));
        continue;
      }
      const std::string sql = indexes.text(row, 4).value_or("");
      const auto open = sql.find('(');
      const std::string what =
          plain || open == std::string::npos ? fmt::format("({})", fmt::join(names, ", ")) : sql.substr(open);
      catalog_.add({.kind = "index",
                    .table = table,
                    .name = (indexes.text(row, 1) == "1" ? "unique btree " : "btree ") + what,
                    .properties = {},
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
      catalog_.references.push_back(
          read_reference(session_, stores::quote_identifier(table), stores::quote_identifier(parent), quoted,
                         fmt::format("{}.{} -> {}.{}", table, own[0], parent, other[0]), true, request_.sample));
    }
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
