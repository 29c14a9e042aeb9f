#include "suites/migration/schema/schema_control.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <random>
#include <set>

#include "harness/core/printable.hpp"
#include "suites/migration/schema/schema_soundness.hpp"
#include "suites/migration/side_session.hpp"

namespace sluice::migration {
namespace {

constexpr const char* planting = "planting the control";

bool may_create(stores::SqlSession& session) {
  if (session.engine() != stores::Engine::postgres) return false;
  const auto snapshot = Transaction::read(session);
  const auto answer = session.query(
      "SELECT (has_database_privilege(current_database(), 'CREATE') AND NOT pg_is_in_recovery())::text", {}, planting);
  return answer.text(0, 0) == "true";
}

Control plant(stores::SqlSession& session, std::uint64_t seed) {
  const std::string schema = fmt::format("sluice_control_{:016x}", seed);
  const std::vector<std::string> statements{
      "CREATE SCHEMA {0}",
      "CREATE TABLE {0}.parent (id bigserial PRIMARY KEY)",
      "CREATE UNLOGGED TABLE {0}.child (id int, parent_id bigint)",
      "INSERT INTO {0}.parent VALUES (100)",
      "INSERT INTO {0}.child VALUES (1, 7)",
      "ALTER TABLE {0}.child ADD FOREIGN KEY (parent_id) REFERENCES {0}.parent (id) NOT VALID",
      "CREATE POLICY idle ON {0}.parent USING (true)",
      "CREATE MATERIALIZED VIEW {0}.nothing AS SELECT id FROM {0}.parent WITH NO DATA"};
  const auto trial = Transaction::trial(session);
  for (const auto& statement : statements) session.execute(fmt::format(fmt::runtime(statement), schema), planting);
  const Catalog catalog = read_catalog(session, {.schemas = {schema}, .references = {}});
  std::set<std::string> rules;
  for (const auto& problem : judge_soundness(catalog)) {
    if (problem.object.find(schema) != std::string::npos) rules.insert(problem.rule);
  }
  const std::set<std::string> wanted{"constraint-not-validated",    "matview-not-populated", "orphan-rows",
                                     "policy-without-row-security", "sequence-behind",       "table-unlogged"};
  return {.planted = fmt::format("{} in a schema of its own, rolled back", fmt::join(wanted, ", ")),
          .caught = rules == wanted,
          .observed = rules.empty() ? "nothing" : fmt::format("{}", fmt::join(rules, ", "))};
}

void add(Control& control, const std::string& planted, const std::string& observed, bool caught) {
  control.planted += (control.planted.empty() ? "" : "; ") + planted;
  control.observed += (control.observed.empty() ? "" : "; ") + observed;
  control.caught = control.caught && caught;
}

bool has_rule(const std::vector<SchemaProblem>& problems, const std::string& rule, const std::string& object) {
  return std::any_of(problems.begin(), problems.end(),
                     [&](const SchemaProblem& problem) { return problem.rule == rule && problem.object == object; });
}

// SQLite keeps views and triggers whatever becomes of what they use.
void alter_statements(const Catalog& catalog,
                      const std::function<void(const char*, const std::string&, const Catalog&)>& try_one) {
  const auto first = [&](const char* kind) {
    return std::find_if(catalog.objects.begin(), catalog.objects.end(),
                        [&](const auto& entry) { return entry.second.kind == kind; });
  };
  for (const auto& [kind, rule] : {std::pair("view", "view-broken"), std::pair("trigger", "write-broken")}) {
    const auto found = first(kind);
    if (found == catalog.objects.end()) continue;
    const CatalogObject& object = found->second;
    Catalog altered = catalog;
    const std::string broken = object.table.empty() ? "view " + object.name : "table " + object.table;
    altered.broken.push_back({.rule = rule, .object = broken, .what = "", .error = "planted", .show = ""});
    try_one(rule, broken, altered);
  }
}

// One note or state of what was read is made wrong at a time.
Control alter(const Catalog& catalog, bool only_indexes) {
  Control control{.caught = true};
  const auto try_one = [&](const char* rule, const std::string& object, const Catalog& altered) {
    const bool found = has_rule(judge_soundness(altered), rule, object);
    add(control, fmt::format("{} as read", rule), fmt::format("{} {}", rule, found ? "found" : "not found"), found);
  };
  const auto note = [&](const char* kind, const char* name, const char* rule) {
    for (const auto& [id, object] : catalog.objects) {
      if (object.kind != kind || !object.notes.contains(name)) continue;
      Catalog altered = catalog;
      altered.objects.at(id).notes[name] = "false";
      return try_one(rule, id, altered);
    }
  };
  note("index", "valid", "index-invalid");
  if (only_indexes) return control;
  note("constraint", "validated", "constraint-not-validated");
  note("policy", "applied", "policy-without-row-security");
  if (!catalog.sequences.empty()) {
    Catalog altered = catalog;
    altered.sequences[0].behind = true;
    try_one("sequence-behind", "sequence " + altered.sequences[0].column, altered);
  }
  if (!catalog.references.empty()) {
    Catalog altered = catalog;
    altered.references[0].orphans = 1;
    try_one("orphan-rows", "reference " + altered.references[0].reference, altered);
  }
  if (catalog.engine == stores::Engine::sqlite) alter_statements(catalog, try_one);
  return control;
}

}  // namespace

Control control_soundness(stores::SqlSession& session, const Catalog& catalog, std::uint64_t seed) {
  if (may_create(session)) {
    Control control = plant(session, seed);
    const Control index = alter(catalog, true);
    if (!index.planted.empty()) add(control, index.planted, index.observed, index.caught);
    return control;
  }
  Control control = alter(catalog, false);
  if (control.planted.empty()) {
    const char* const nothing =
        session.engine() == stores::Engine::sqlite
            ? "a SQLite schema without foreign keys, views and triggers"
            : "a schema without sequences, keys and indexes, where this role may not create one";
    return {.planted = fmt::format("nothing: {} has nothing that could be unsound; add `references:` that must hold, "
                                   "`expected:` or `diff:` to compare it",
                                   nothing),
            .caught = false,
            .observed = ""};
  }
  control.planted += session.engine() == stores::Engine::sqlite
                         ? " (nothing is written to a SQLite file that may be in use)"
                         : " (this role may not create a schema, so nothing could be planted in the database)";
  return control;
}

Control control_comparison(const SchemaComparison& comparison, const Catalog& actual, std::uint64_t seed) {
  const Catalog seen = comparison.counterparts(actual);
  std::mt19937_64 random(seed);
  std::map<std::string, std::vector<std::string>> ids;
  for (const auto& [id, object] : seen.objects) ids[object.kind].push_back(id);
  Control control{.planted = "", .caught = !ids.empty(), .observed = ""};
  for (const auto& [kind, all] : ids) {
    const std::string& id = all[random() % all.size()];
    Catalog altered = seen;
    altered.objects.erase(id);
    const bool found = has_rule(comparison.compare(altered), kind + "-missing", id);
    add(control, fmt::format("{} taken away as read", printable(id, 100)),
        fmt::format("{}-missing {}", kind, found ? "found" : "not found"), found);
  }
  if (const auto columns = ids.find("column"); columns != ids.end()) {
    const std::string& id = columns->second[random() % columns->second.size()];
    Catalog altered = seen;
    std::string& nullable = altered.objects.at(id).properties["nullable"];
    nullable = nullable == "true" ? "false" : "true";
    const bool found = has_rule(comparison.compare(altered), "nullability-differs", id);
    add(control, fmt::format("nullability of {} flipped as read", printable(id, 100)),
        fmt::format("nullability-differs {}", found ? "found" : "not found"), found);
  }
  return control;
}

}  // namespace sluice::migration
