#include "suites/migration/schema/schema.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/plan/node.hpp"
#include "suites/migration/schema/schema_control.hpp"
#include "suites/migration/schema/schema_diff.hpp"
#include "suites/migration/schema/schema_soundness.hpp"
#include "suites/migration/side_session.hpp"

namespace sluice::migration {
namespace {

constexpr std::size_t most_findings = 100;

SchemaChange read_change(const Parameters& parameters) {
  using What = SchemaChange::What;
  constexpr std::pair<const char*, What> names[]{{"renamed", What::renamed},
                                                 {"added", What::added},
                                                 {"dropped", What::dropped},
                                                 {"changed", What::changed},
                                                 {"retyped", What::changed}};
  const auto refuse = [](const char* what) { throw InputError(what); };
  std::optional<SchemaChange> change;
  for (const auto& [name, what] : names) {
    if (!parameters.has(name)) continue;
    if (change) refuse("write exactly one of renamed, added, dropped, retyped, changed");
    change = SchemaChange{.what = what, .object = parameters.text(name), .property = {}, .to = std::nullopt};
    if (std::string_view(name) == "retyped") change->property = "type";
  }
  if (!change) {
    refuse("write one of renamed, added, dropped, retyped, changed");
    return {};
  }
  if (parameters.has("to")) change->to = parameters.text("to");
  if (parameters.has("property")) change->property = parameters.text("property");
  if ((change->what == What::renamed || parameters.has("retyped")) && !change->to) refuse("`to` is missing");
  if (change->what == What::changed && change->property.empty())
    refuse("`property` is missing: type, nullable, default, …");
  return *change;
}

void examine_schema(const Parameters& parameters, ParameterProblems& problems) {
  const bool expected = parameters.has("expected"), diff = parameters.boolean("diff");
  if (expected && diff) problems.add({}, "write either `expected` or `diff`, not both");
  if (diff && parameters.text("side") == "old")
    problems.add({"side"}, "`diff` looks at the new side; leave `side` out");
  if (diff && parameters.text("old") == parameters.text("new"))
    problems.add({"diff"},
                 fmt::format("the schema would be compared with itself, as `old` and `new` are both the store '{}'",
                             parameters.text("old")));
  const auto ignored = parameters.has("ignore") ? parameters.texts("ignore") : std::vector<std::string>{};
  for (std::size_t i = 0; i < ignored.size(); ++i)
    problems.guard({"ignore", std::to_string(i)}, [&] { SchemaExceptions({ignored[i]}); });
  if (!parameters.has("changes")) return;
  const auto& changes = parameters.value("changes");
  for (std::size_t i = 0; i < changes.size(); ++i) {
    problems.guard({"changes", std::to_string(i)}, [&] {
      const SchemaChange change = read_change(Parameters(changes.at(i)));
      if (change.object.find(' ') != std::string::npos) return;
      for (const auto& [name, value] : changes.at(i).items()) {
        if (value != change.object || name == "to" || name == "property") continue;
        problems.add({"changes", std::to_string(i), name},
                     "an object is a kind, a blank and a name: \"column captures.text\"");
      }
    });
  }
  if (!changes.empty() && !diff) problems.add({"changes"}, "`changes` are of the old side's schema: set `diff: true`");
}

class SchemaCheck final : public Check {
 public:
  explicit SchemaCheck(const Parameters& parameters)
      : parameters_(parameters),
        side_(parameters.text("side")),
        exceptions_(parameters.has("ignore") ? parameters.texts("ignore") : std::vector<std::string>{}) {}

  void prepare(CheckContext& context) override {
    ParameterProblems problems;
    examine_schema(parameters_, problems);
    problems.refuse();
    if (parameters_.has("changes")) {
      for (const auto& value : parameters_.value("changes")) changes_.push_back(read_change(Parameters(value)));
    }
    const bool diff = parameters_.boolean("diff");
    if (parameters_.has("expected")) {
      const auto path = context.resolve(parameters_.text("expected"));
      plan::Problems unread;
      const std::string text = plan::read_plan_text(path, parameters_.text("expected"), unread);
      if (!unread.empty()) throw InputError(unread.to_string());
      expected_ = read_snapshot(text, parameters_.text("expected"));
    }
    session_ = open_side(context, parameters_, parameters_.text(side_));
    if (diff) old_session_ = open_side(context, parameters_, parameters_.text("old"));
    if (expected_ && expected_->engine != session_->engine())
      throw InputError(fmt::format("{} is of {}, the {} side is {}", parameters_.text("expected"),
                                   stores::to_string(expected_->engine), side_, stores::to_string(session_->engine())));
  }

  void exercise(CheckContext& context) override {
    CatalogRequest request;
    if (parameters_.has("schemas")) request.schemas = parameters_.texts("schemas");
    if (parameters_.has("references"))
      request.references = parameters_.value("references").get<std::map<std::string, std::string>>();
    request.foreign_keys = parameters_.boolean("foreign_keys");
    request.names_of_session = old_session_ && old_session_->engine() != session_->engine();
    {
      const auto snapshot = Transaction::read(*session_);
      catalog_ = read_catalog(*session_, request);
    }
    context.progress({.done = static_cast<double>(catalog_.objects.size()), .total = std::nullopt, .unit = "objects"});
    if (old_session_) {
      const auto snapshot = Transaction::read(*old_session_);
      request.references.clear();
      request.foreign_keys = false;
      if (old_session_->engine() != session_->engine()) request.schemas.clear();
      expected_ = read_catalog(*old_session_, request);
    }
    if (expected_) {
      comparison_.emplace(*expected_, changes_, exceptions_, parameters_.text("extras") == "allowed");
    }
  }

  Outcome judge(CheckContext& context) override {
    std::vector<SchemaProblem> problems = judge_soundness(catalog_);
    if (comparison_) {
      for (auto& problem : comparison_->compare(catalog_)) problems.push_back(std::move(problem));
      compare_large_objects(problems);
      if (const std::string left = comparison_->left_out(catalog_); !left.empty())
        problems.push_back({"not-compared", "schema all", "between two engines these are not compared: " + left,
                            std::nullopt, std::nullopt, "\\d", Severity::info});
    }
    problems = without_accepted(std::move(problems), exceptions_);
    Outcome outcome = verdict(problems);
    for (const auto& problem : problems) {
      if (outcome.findings.size() < most_findings) outcome.findings.push_back(finding(problem, context));
    }
    outcome.findings_total = problems.size();
    const auto coverage = [&](const char* unit, std::uint64_t count) {
      outcome.coverage.push_back({.unit = unit, .examined = count, .expected = count});
    };
    coverage("objects", catalog_.objects.size());
    coverage("sequences", catalog_.sequences.size());
    coverage("references", catalog_.references.size());
    std::uint64_t orphans = 0;
    for (const auto& reference : catalog_.references) orphans += reference.orphans;
    outcome.metrics = {{.name = "schema_problems",
                        .value = static_cast<double>(errors_in(problems)),
                        .unit = "problems",
                        .limit = 0,
                        .samples = catalog_.objects.size()},
                       {.name = "orphan_rows",
                        .value = static_cast<double>(orphans),
                        .unit = "rows",
                        .limit = 0,
                        .samples = catalog_.references.size()}};
    outcome.artifacts.push_back(write(context));
    return outcome;
  }

  Control control(CheckContext& context) override {
    Control control = control_soundness(*session_, catalog_, context.seed);
    if (!comparison_) return control;
    const Control compared = control_comparison(*comparison_, catalog_, context.seed);
    // A schema in which nothing can be unsound is still compared.
    if (control.observed.empty()) return compared;
    return {.planted = control.planted + "; " + compared.planted,
            .caught = control.caught && compared.caught,
            .observed = control.observed + "; " + compared.observed};
  }

 private:
  void compare_large_objects(std::vector<SchemaProblem>& problems) const {
    const auto before = expected_->large_objects, after = catalog_.large_objects;
    if (!before || !after || *before == *after) return;
    problems.push_back({"large-objects-differ", "large-objects all",
                        fmt::format("the old side holds {} large objects, the new side {}", *before, *after),
                        std::to_string(*before), std::to_string(*after), "\\dl"});
  }

  static std::size_t errors_in(const std::vector<SchemaProblem>& problems) {
    return static_cast<std::size_t>(std::count_if(problems.begin(), problems.end(), [](const SchemaProblem& problem) {
      return problem.severity >= Severity::error;
    }));
  }

  Outcome verdict(const std::vector<SchemaProblem>& problems) const {
    const std::size_t bad = errors_in(problems);
    if (bad > 0) {
      const auto first = std::find_if(problems.begin(), problems.end(),
                                      [](const SchemaProblem& problem) { return problem.severity >= Severity::error; });
      return Outcome::failed(
          fmt::format("{} problems in {} objects, the first: {}", bad, catalog_.objects.size(), first->summary));
    }
    if (catalog_.count("table") == 0)
      return Outcome::inconclusive(
          fmt::format("the {} side has no table{}", side_, parameters_.has("schemas") ? " in these schemas" : ""));
    const char* const compared = !comparison_   ? ""
                                 : old_session_ ? " and what the old side's became"
                                                : " and as expected";
    return Outcome::passed(fmt::format("{} objects, {} sequences and {} references are sound{}",
                                       catalog_.objects.size(), catalog_.sequences.size(), catalog_.references.size(),
                                       compared));
  }

  Finding finding(const SchemaProblem& problem, const CheckContext& context) const {
    const auto blank = problem.object.find(' ');
    std::string show = problem.show;
    // psql's \d+ TABLE is sqlite3's .schema TABLE.
    if (session_->engine() == stores::Engine::sqlite && show.starts_with("\\d+ ")) show = ".schema " + show.substr(4);
    return {
        .rule = problem.rule,
        .severity = problem.severity,
        .summary = problem.summary,
        .where = {{"kind", problem.object.substr(0, blank)}, {"object", printable(problem.object.substr(blank + 1))}},
        .old_value = problem.expected ? std::optional(printable(*problem.expected)) : std::nullopt,
        .new_value = problem.observed ? std::optional(printable(*problem.observed)) : std::nullopt,
        .reproduce = reproduced_by(context, session_->command_line(show))};
  }

  Artifact write(const CheckContext& context) const {
    const auto path = context.output / (context.check + "-schema.json");
    std::ofstream file(path, std::ios::binary);
    file << write_snapshot(catalog_);
    if (!file.flush()) throw EnvironmentError(fmt::format("{} cannot be written", path.string()));
    return {
        .name = "schema as it is; `expected` takes it as it should be", .path = path, .media_type = "application/json"};
  }

  Parameters parameters_;
  std::string side_;
  SchemaExceptions exceptions_;
  std::vector<SchemaChange> changes_;
  std::optional<Catalog> expected_;
  std::optional<SchemaComparison> comparison_;
  std::unique_ptr<stores::SqlSession> session_, old_session_;
  Catalog catalog_;
};

ParameterSpec change_parameter() {
  return {
      .name = "change",
      .type = ParameterType::record,
      .doc = "one difference that is right",
      .fields = {{.name = "renamed", .doc = "an object of the old side: \"table captures\", \"column captures.text\""},
                 {.name = "added", .doc = "an object of the new side alone, or a glob: \"table audit_*\""},
                 {.name = "dropped", .doc = "an object of the old side alone, or a glob"},
                 {.name = "retyped", .doc = "a column of the old side whose type is `to` on the new one"},
                 {.name = "changed", .doc = "an object of the old side whose `property` is `to` on the new one"},
                 {.name = "property",
                  .doc = "of changed: type, nullable, default, on_delete, …; checks: how many a table of SQLite keeps"},
                 {.name = "to", .doc = "the new name, type or value; absent with `changed`: no such property"}}};
}

std::vector<ParameterSpec> schema_parameters() {
  std::vector<ParameterSpec> table{
      side_parameter({"old", "new"}),
      store_parameter("old", "the store that is the old side; before: the plan's `stores.before`"),
      store_parameter("new", "the store that is the new side"),
      text_list_parameter("schemas", "PostgreSQL's schemas that are looked at; all of the user's when absent"),
      {.name = "expected",
       .doc = "a schema snapshot; a run leaves one as artifact CHECK-schema.json to start from",
       .names = Names::file},
      {.name = "diff",
       .type = ParameterType::boolean,
       .doc = "the new side must have the old side's schema, after `changes`",
       .default_text = "false"},
      {.name = "changes",
       .type = ParameterType::list,
       .doc = "diff: what differs by right, applied in this order to the old side's schema",
       .item = {change_parameter()}},
      {.name = "extras",
       .doc = "whether objects that nobody expects are an error",
       .default_text = "error",
       .choices = {"error", "allowed"}},
      text_list_parameter("ignore",
                          "a kind or a rule and a glob: \"table migration_state\", \"table-unlogged cache_*\""),
      {.name = "references",
       .type = ParameterType::map,
       .doc = "child.column -> parent.column that hold although no foreign key declares them",
       .item = {{.name = "parent", .type = ParameterType::text}}},
      {.name = "foreign_keys",
       .type = ParameterType::boolean,
       .doc =
           "look for orphans of declared foreign keys too: loads that switch triggers off leave valid keys with them",
       .default_text = "true"}};
  for (auto& parameter : session_parameters("5m")) table.push_back(std::move(parameter));
  return table;
}

}  // namespace

CheckKind schema_kind() {
  return {
      .name = "migration.schema",
      .proves =
          "The schema is sound: sequences ahead of their columns, constraints validated and enforced, indexes valid, "
          "materialized views filled, references without orphans. With `expected` it is what a snapshot says, with "
          "`diff` what the old side's became by the declared changes.",
      .cannot_prove =
          "That the declared changes are good ones, that functions and triggers do what they should, or that rows "
          "are right; against a snapshot, the order of columns; between two engines, more than tables, columns, keys, "
          "plain indexes and rules; from SQLite, defaults that are computed, what a CHECK says (they are counted, but "
          "for those that a new type makes needless), and lengths that SQLite does not declare.",
      .parameters = schema_parameters(),
      .make = [](const Parameters& parameters) { return std::make_unique<SchemaCheck>(parameters); },
      .examine = examine_schema};
}

}  // namespace sluice::migration
