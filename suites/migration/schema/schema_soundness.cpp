#include "suites/migration/schema/schema_soundness.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/glob.hpp"
#include "harness/core/printable.hpp"

namespace sluice::migration {
namespace {

std::string note(const CatalogObject& object, const char* name) {
  const auto found = object.notes.find(name);
  return found == object.notes.end() ? "" : found->second;
}

// "psql -c '\d+ captures'" shows a table with all that belongs to it.
std::string describe(const CatalogObject& object) {
  return "\\d+ " + (object.table.empty() ? object.name : object.table);
}

void judge_object(const CatalogObject& object, std::vector<SchemaProblem>& problems) {
  const std::string shown = printable(object.id(), 300);
  const auto add = [&](const char* rule, std::string summary, const char* expected, const char* observed) {
    problems.push_back({rule, object.id(), std::move(summary), expected, observed, describe(object)});
  };
  if (note(object, "validated") == "false")
    add("constraint-not-validated", fmt::format("{} was never checked against the rows that are there", shown), "valid",
        "NOT VALID");
  if (note(object, "enforced") == "false")
    add("constraint-not-enforced", fmt::format("{}: its triggers are disabled, new rows are not checked", shown),
        "enabled", "disabled");
  if (note(object, "valid") == "false")
    add("index-invalid",
        fmt::format("{} ({}) is not used by queries: building it did not finish", shown, note(object, "name")), "valid",
        "INVALID");
  if (note(object, "populated") == "false")
    add("matview-not-populated", fmt::format("{} holds nothing: REFRESH MATERIALIZED VIEW was never run", shown),
        "populated", "not populated");
  if (note(object, "enabled") == "D" || note(object, "enabled") == "R")
    add("trigger-disabled", fmt::format("{} does not fire", shown), "enabled",
        note(object, "enabled") == "D" ? "disabled" : "fires on replicas only");
  if (note(object, "applied") == "false")
    add("policy-without-row-security",
        fmt::format("{} does nothing: row security of {} is not enabled", shown, printable(object.table, 200)),
        "enabled", "disabled");
  if (note(object, "persistence") == "u")
    add("table-unlogged", fmt::format("{} is unlogged: a crash empties it, and replicas do not have it", shown),
        "logged", "unlogged");
}

void judge_sequence(const SequenceState& state, std::vector<SchemaProblem>& problems) {
  const std::string object = "sequence " + state.column;
  if (state.behind) {
    problems.push_back({"sequence-behind", object,
                        fmt::format("{} would give {} next, but {} already holds {}: inserts will collide",
                                    state.sequence, state.next, state.column, state.highest),
                        "after " + state.highest, state.next, state.show});
  }
  if (state.exhausted) {
    problems.push_back(
        {"sequence-exhausted", object,
         fmt::format("{} has given its last value: the next insert into {} fails", state.sequence, state.column),
         std::nullopt, state.next, state.show});
  } else if (state.near_end) {
    problems.push_back({"sequence-near-end", object,
                        fmt::format("more than 90% of the values of {} are used up", state.column), std::nullopt,
                        state.highest, state.show, Severity::warning});
  }
}

void judge_reference(const ReferenceState& state, std::vector<SchemaProblem>& problems) {
  if (!state.unusable.empty()) {
    problems.push_back(
        {"reference-unusable", "reference " + state.reference,
         fmt::format("{}: no row can be written where foreign keys are enforced: {}", state.reference, state.unusable),
         std::nullopt, std::nullopt, state.show});
  }
  if (state.orphans == 0) return;
  problems.push_back({"orphan-rows", "reference " + state.reference,
                      fmt::format("{} rows refer to rows that are not there ({}), such as {}", state.orphans,
                                  state.declared ? "a declared foreign key" : "a reference of the plan's",
                                  fmt::join(state.sample, "; ")),
                      "0", std::to_string(state.orphans), state.show + " LIMIT 20"});
}

}  // namespace

std::vector<SchemaProblem> judge_soundness(const Catalog& catalog) {
  std::vector<SchemaProblem> problems;
  for (const auto& [id, object] : catalog.objects) judge_object(object, problems);
  for (const auto& state : catalog.sequences) judge_sequence(state, problems);
  for (const auto& [column, sequence] : catalog.unjudged_sequences) {
    problems.push_back({"sequence-not-judged", "sequence " + column,
                        fmt::format("the default of {} computes of {}: whether what it gives next is there already is "
                                    "not judged; a migration.invariant can ask",
                                    column, sequence),
                        std::nullopt, std::nullopt, "\\d+ " + column.substr(0, column.rfind('.')), Severity::info});
  }
  for (const auto& state : catalog.references) judge_reference(state, problems);
  for (const auto& broken : catalog.broken) {
    problems.push_back({broken.rule, broken.object,
                        fmt::format("{} {}: {}", printable(broken.object, 200), broken.what, broken.error),
                        std::nullopt, std::nullopt, broken.show,
                        broken.rule == "statement-not-judged" ? Severity::warning : Severity::error});
  }
  for (const auto& state : catalog.collations) {
    problems.push_back({"collation-version-differs", "collation " + state.name,
                        fmt::format("{} was recorded with version {} and is now {}: indexes over text may be in the "
                                    "wrong order; REINDEX, then ALTER … REFRESH VERSION",
                                    state.name, state.recorded, state.actual),
                        state.recorded, state.actual, "\\dOS+"});
  }
  return problems;
}

std::vector<SchemaProblem> without_accepted(std::vector<SchemaProblem> problems, const SchemaExceptions& exceptions) {
  std::erase_if(problems, [&](const SchemaProblem& problem) {
    const auto blank = problem.object.find(' ');
    const std::string path = problem.object.substr(blank + 1);
    const auto dot = path.find('.');
    return exceptions.accepts(problem.rule, path) ||
           exceptions.leaves_out(problem.object.substr(0, blank), path.substr(0, dot), path);
  });
  return problems;
}

namespace {

// As the objects of problems begin.
std::vector<std::string> object_kinds() {
  std::vector<std::string> kinds = catalog_kinds();
  kinds.insert(kinds.end(), {"reference", "collation"});
  return kinds;
}

// Those of judge_soundness, and those of a comparison that no kind or property names.
constexpr std::string_view problem_rules[]{"constraint-not-validated",
                                           "constraint-not-enforced",
                                           "index-invalid",
                                           "matview-not-populated",
                                           "trigger-disabled",
                                           "table-unlogged",
                                           "sequence-behind",
                                           "sequence-exhausted",
                                           "sequence-near-end",
                                           "sequence-not-judged",
                                           "column-order-differs",
                                           "orphan-rows",
                                           "policy-without-row-security",
                                           "collation-version-differs",
                                           "numbering-lost",
                                           "length-narrowed",
                                           "generation-lost",
                                           "reference-unusable",
                                           "view-broken",
                                           "write-broken",
                                           "statement-not-judged",
                                           "not-compared",
                                           "large-objects-differ"};

bool is_kind(const std::string& what) {
  const auto kinds = object_kinds();
  return std::find(kinds.begin(), kinds.end(), what) != kinds.end();
}

// What a comparison may find different: every property that a catalog is read with.
constexpr const char* compared_properties[]{"aggregate",
                                            "all_tables",
                                            "arguments",
                                            "attributes",
                                            "base",
                                            "body_md5",
                                            "bound",
                                            "cache",
                                            "check",
                                            "checks",
                                            "clauses",
                                            "collation",
                                            "command",
                                            "cycle",
                                            "default",
                                            "deferrable",
                                            "definition",
                                            "enabled",
                                            "event",
                                            "function",
                                            "generated_as",
                                            "grantable",
                                            "identity",
                                            "include",
                                            "increment",
                                            "inherits",
                                            "labels",
                                            "language",
                                            "leakproof",
                                            "least",
                                            "mappings",
                                            "match",
                                            "materialized",
                                            "most",
                                            "nullable",
                                            "nulls",
                                            "on_delete",
                                            "on_delete_columns",
                                            "on_update",
                                            "operations",
                                            "options",
                                            "owner",
                                            "parallel",
                                            "parser",
                                            "partition_of",
                                            "partitioned_by",
                                            "permissive",
                                            "range_of",
                                            "replica_identity",
                                            "returns",
                                            "roles",
                                            "row_security",
                                            "row_security_forced",
                                            "security_definer",
                                            "settings",
                                            "start",
                                            "strict",
                                            "tables",
                                            "tags",
                                            "template",
                                            "type",
                                            "using",
                                            "version",
                                            "via_root",
                                            "volatility"};

bool is_rule(const std::string& what) {
  if (std::find(std::begin(problem_rules), std::end(problem_rules), what) != std::end(problem_rules)) return true;
  if (std::any_of(std::begin(compared_properties), std::end(compared_properties),
                  [&](const char* property) { return property_rule(property) == what; }))
    return true;
  for (const std::string_view ending : {"-missing", "-extra"}) {
    if (what.ends_with(ending) && is_kind(what.substr(0, what.size() - ending.size()))) return true;
  }
  return false;
}

void require_kind_or_rule(const std::string& entry, const std::string& what) {
  if (is_kind(what) || is_rule(what) || what == "large-objects") return;
  std::vector<std::string> known = object_kinds();
  known.insert(known.end(), std::begin(problem_rules), std::end(problem_rules));
  for (const char* property : compared_properties) known.push_back(property_rule(property));
  throw InputError(fmt::format("`ignore`: '{}': {} is neither a kind of object ({}) nor a rule of this check{}",
                               printable(entry, 100), printable(what, 100), fmt::join(object_kinds(), ", "),
                               stores::did_you_mean(what, known)));
}

}  // namespace

std::string property_rule(const std::string& property) {
  if (property == "nullable") return "nullability-differs";
  std::string rule = property + "-differs";
  std::replace(rule.begin(), rule.end(), '_', '-');
  return rule;
}

SchemaExceptions::SchemaExceptions(const std::vector<std::string>& entries) {
  for (const auto& entry : entries) {
    const auto blank = entry.find(' ');
    if (blank == std::string::npos || blank == 0 || blank + 1 == entry.size())
      throw InputError(fmt::format("`ignore`: '{}' must be a kind or a rule, a blank and a name: \"table tmp_*\"",
                                   printable(entry, 100)));
    require_kind_or_rule(entry, entry.substr(0, blank));
    entries_.push_back({entry.substr(0, blank), entry.substr(blank + 1)});
  }
}

bool SchemaExceptions::leaves_out(const std::string& kind, const std::string& table, const std::string& path) const {
  for (const auto& [what, glob] : entries_) {
    if (what == kind && glob_matches(glob, path)) return true;
    if (what == "table" && !table.empty() && glob_matches(glob, table)) return true;
  }
  return false;
}

bool SchemaExceptions::accepts(const std::string& rule, const std::string& path) const {
  for (const auto& [what, glob] : entries_) {
    if (what == rule && glob_matches(glob, path)) return true;
  }
  return false;
}

}  // namespace sluice::migration
