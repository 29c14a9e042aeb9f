#include "suites/migration/copies/idempotent.hpp"

#include <fmt/core.h>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "suites/migration/copies/action_trial.hpp"
#include "suites/migration/copies/copy_parameters.hpp"
#include "suites/migration/copies/store_state.hpp"
#include "suites/migration/copies/untouched_stores.hpp"

namespace sluice::migration {
namespace {

class IdempotentCheck final : public Check {
 public:
  explicit IdempotentCheck(const Parameters& parameters)
      : parameters_(parameters),
        action_(parameters.text("action")),
        in_place_(parameters.boolean("in_place")),
        times_(parameters.integer("times")) {}

  void prepare(CheckContext& context) override {
    if (!context.start_action) throw InputError("this check runs an action of the plan, and here is no plan");
    copies_ = std::make_unique<StoreCopies>(context, store_options(parameters_, context));
  }

  void exercise(CheckContext& context) override {
    before_ = copies_->make();
    if (in_place_) {
      for (std::int64_t i = 0; i < times_ && problem_.empty(); ++i) run_in_place(context);
      if (problem_.empty()) difference_ = compare(context, context.stores);
      return;
    }
    const auto again = copies_->make();
    const ActionTrial trial(context, *copies_, action_,
                            {.timeout = parameters_.duration("timeout"), .spares = sides_of(parameters_, "spares")});
    for (std::int64_t i = 0; i < times_ && problem_.empty(); ++i) {
      const TrialEnd end = trial.run(*again);
      if (!copies_->postgres().empty()) require_statements(end, action_);
      require_ended(end, action_);
      note_end(end);
    }
    if (problem_.empty()) difference_ = compare(context, again->urls());
    require_untouched(context, *copies_, parameters_, sides_of(parameters_, "spares"));
  }

  Outcome judge(CheckContext& context) override {
    if (!problem_.empty()) {
      Outcome outcome = Outcome::failed(problem_);
      outcome.findings.push_back({.rule = "second-run-failed",
                                  .summary = problem_,
                                  .where = {{"action", action_}},
                                  .new_value = printable(output_, 1000),
                                  .reproduce = context.reproduce});
      outcome.findings_total = 1;
      outcome.coverage.push_back({.unit = "rows", .examined = 0});
      return outcome;
    }
    Outcome outcome = verdict();
    outcome.findings = difference_.findings;
    outcome.findings_total = difference_.total;
    outcome.metrics.push_back(
        {.name = "differences", .value = static_cast<double>(difference_.total), .samples = difference_.rows});
    outcome.metrics.push_back({.name = "rows_compared",
                               .value = static_cast<double>(difference_.rows),
                               .unit = "rows",
                               .samples = difference_.rows});
    outcome.coverage.push_back({.unit = "rows", .examined = difference_.rows, .expected = difference_.rows});
    outcome.coverage.push_back({.unit = "tables", .examined = difference_.tables, .expected = difference_.tables});
    return outcome;
  }

  Control control(CheckContext& context) override {
    const auto damaged = copies_->make();
    const std::string table = damage_state(damaged->urls(), copies_->options(), ignored_names(parameters_));
    const StateDifference seen = compare(context, damaged->urls(), true);
    const std::string name = printable(table, 100);
    return {
        .planted = table.empty() ? "no table had a row to remove"
                                 : fmt::format("one row removed from {} between the two states", name),
        .caught = !table.empty() && seen.total == 1 && seen.findings.front().summary.find(name) != std::string::npos,
        .observed = seen.none() ? "no difference" : seen.findings.front().summary};
  }

 private:
  void run_in_place(const CheckContext& context) {
    const auto running = context.start_action(action_, {});
    TrialEnd end;
    end.allowed = time_allowed(*running, action_, parameters_.duration("timeout"));
    const auto result = running->wait(end.allowed.time);
    end.timed_out = !result;
    if (!result) running->kill();
    if (result) end.action = *result;
    note_end(end);
  }

  void note_end(const TrialEnd& end) {
    output_ = end.action.output_tail;
    if (!end.succeeded()) problem_ = fmt::format("action {}, run once more, {}", action_, end.how());
  }

  StateDifference compare(const CheckContext& context, const std::map<std::string, std::string>& after,
                          bool damaged = false) const {
    StateOptions options{.store = copies_->options(), .work = context.work, .ignore = ignored_names(parameters_)};
    options.materialized_views = !in_place_;
    options.sample = 20;
    options.virtual_tables = !damaged;
    options.reproduce = context.reproduce;
    return compare_states(before_->urls(), after, options);
  }

  Outcome verdict() const {
    if (!difference_.none()) {
      return Outcome::failed(fmt::format("running action {} once more made {} differences; first: {}", action_,
                                         difference_.total, difference_.findings.front().summary));
    }
    if (difference_.rows == 0) {
      return Outcome::inconclusive(
          "the stores hold no rows, so nothing could have changed; run this check after the "
          "migration");
    }
    return Outcome::passed(
        fmt::format("action {}, run once more, changed nothing: {} rows of {} tables, schema and "
                    "sequences are as before",
                    action_, difference_.rows, difference_.tables));
  }

  Parameters parameters_;
  std::string action_;
  bool in_place_;
  std::int64_t times_;
  std::unique_ptr<StoreCopies> copies_;
  std::unique_ptr<StoreCopies::Copy> before_;
  StateDifference difference_;
  std::string problem_;
  std::string output_;
};

std::vector<ParameterSpec> idempotent_parameters() {
  std::vector<ParameterSpec> all{
      {.name = "action",
       .doc = "the plan's action that migrates; it has run before this check",
       .required = true,
       .names = Names::command},
      {.name = "in_place",
       .type = ParameterType::boolean,
       .doc = "run it on the stores themselves instead of on copies; nothing else may write meanwhile",
       .default_text = "false"},
      {.name = "times",
       .type = ParameterType::integer,
       .doc = "how many times more it is run",
       .default_text = "1",
       .minimum = 1,
       .maximum = 100}};
  for (auto& each : copy_parameters()) all.push_back(std::move(each));
  return all;
}

}  // namespace

CheckKind idempotent_kind() {
  return {
      .name = "migration.idempotent",
      .proves =
          "The migration, run once more on what it has migrated, ends well and changes no row, no object of the "
          "schema and no sequence of either store.",
      .cannot_prove =
          "That the first run was right; that two runs at the same time would be; or anything of effects outside the "
          "two stores, and of roles, statistics and storage parameters.",
      .parameters = idempotent_parameters(),
      .needs_stores = true,
      .make = [](const Parameters& parameters) { return std::make_unique<IdempotentCheck>(parameters); }};
}

}  // namespace sluice::migration
