#include "suites/migration/schema/sqlite_statements.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"

namespace sluice::migration {
namespace {

constexpr const char* doing = "trying the statement";

// What an application adds to SQLite, and sluice does not have.
bool is_of_the_application(const std::string& error) {
  constexpr std::string_view absent[]{"no such function", "unknown function", "no such collation sequence",
                                      "no such module", "unsafe use of"};
  return std::any_of(std::begin(absent), std::end(absent),
                     [&](std::string_view text) { return error.find(text) != std::string::npos; });
}

class StatementTrial {
 public:
  StatementTrial(stores::SqlSession& session, const Catalog& catalog) : session_(session), catalog_(catalog) {}

  std::vector<BrokenStatement> run() {
    for (const auto& [id, object] : catalog_.objects) {
      if (object.kind == "view")
        try_view(object.name);
      else if (object.kind == "table" && object.property("type") == "table")
        try_writes("table", object.name, columns_of(object.name));
    }
    return std::move(broken_);
  }

 private:
  using Names = std::vector<std::string>;

  void add(const char* rule, const std::string& object, std::string what, const std::string& error, std::string show) {
    broken_.push_back({.rule = is_of_the_application(error) ? "statement-not-judged" : rule,
                       .object = object,
                       .what = std::move(what),
                       .error = error,
                       .show = std::move(show)});
  }

  void try_view(const std::string& view) {
    const std::string sql = "SELECT * FROM " + stores::quote_identifier(view) + " LIMIT 0";
    try {
      const auto result = session_.query(sql, {}, doing);
      Names columns;
      for (const auto& column : result.columns) columns.push_back(column.name);
      if (!triggers_of(view).empty()) try_writes("view", view, columns);
    } catch (const InputError& error) {
      add("view-broken", "view " + view, "cannot be read", error.what(), sql);
    }
  }

  void try_writes(const std::string& kind, const std::string& name, const Names& columns) {
    const std::string table = stores::quote_identifier(name);
    Names assignments;
    for (const auto& column : columns)
      assignments.push_back(fmt::format("{0} = {0}", stores::quote_identifier(column)));
    std::vector<std::pair<const char*, std::string>> writes{
        {"INSERT", fmt::format("INSERT INTO {} DEFAULT VALUES", table)},
        {"DELETE", fmt::format("DELETE FROM {}", table)}};
    // Of all columns, so that every UPDATE OF trigger is set off.
    if (!columns.empty())
      writes.emplace_back("UPDATE", fmt::format("UPDATE {} SET {}", table, fmt::join(assignments, ", ")));
    for (const auto& [event, sql] : writes) {
      try {
        session_.try_statement(sql, doing);
      } catch (const InputError& error) {
        const std::string text = error.what();
        if (kind == "view" && text.find("cannot modify") != std::string::npos) continue;  // it has no such trigger
        const Names triggers = triggers_of(name);
        add("write-broken", kind + " " + name,
            triggers.empty() ? fmt::format("takes no {}", event)
                             : fmt::format("takes no {} (its triggers: {})", event, fmt::join(triggers, ", ")),
            text, "EXPLAIN " + sql);
      }
    }
  }

  Names columns_of(const std::string& table) const {
    Names names;
    for (const auto& [id, object] : catalog_.objects) {
      if (object.kind != "column" || object.table != table || object.notes.at("generated") == "true") continue;
      names.push_back(object.name);
    }
    return names;
  }

  Names triggers_of(const std::string& table) const {
    Names names;
    for (const auto& [id, object] : catalog_.objects) {
      if (object.kind == "trigger" && object.table == table) names.push_back(printable(object.name, 100));
    }
    return names;
  }

  stores::SqlSession& session_;
  const Catalog& catalog_;
  std::vector<BrokenStatement> broken_;
};

}  // namespace

std::vector<BrokenStatement> broken_statements(stores::SqlSession& session, const Catalog& catalog) {
  return StatementTrial(session, catalog).run();
}

}  // namespace sluice::migration
