#include "suites/migration/copies/rollback.hpp"

#include <fmt/core.h>

#include <fmt/ranges.h>
#include <map>

#include <optional>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/sql_session.hpp"
#include "suites/migration/copies/action_trial.hpp"
#include "suites/migration/copies/copy_parameters.hpp"
#include "suites/migration/copies/store_objects.hpp"
#include "suites/migration/copies/store_state.hpp"
#include "suites/migration/copies/untouched_stores.hpp"
#include "suites/migration/schema/catalog.hpp"

namespace sluice::migration {
namespace {

using Copy = StoreCopies::Copy;

/// What the new version writes between the migration and its rollback, and how to see whether it is still there.
struct Write {
  std::string name;
  std::string sql;
  std::string on;
  std::string kept;
  std::string kept_on;
};

class RollbackCheck final : public Check {
 public:
  explicit RollbackCheck(const Parameters& parameters)
      : parameters_(parameters), up_(parameters.text("up")), down_(parameters.text("down")) {
    if (!parameters.has("writes")) return;
    for (const auto& [name, value] : parameters.value("writes").items()) {
      const Parameters write(value);
      writes_.push_back({name, write.text("sql"), write.text("on"), write.text("kept"), write.text("kept_on")});
    }
  }

  void prepare(CheckContext& context) override {
    for (const auto& write : writes_) {
      context.store(write.on);
      context.store(write.kept_on);
    }
    copies_ = std::make_unique<StoreCopies>(context, store_options(parameters_, context));
  }

  void exercise(CheckContext& context) override {
    before_ = copies_->make();
    after_ = copies_->make();
    migrate(context, *after_);
    if (compare(context, *after_).none()) {
      inconclusive_ = fmt::format(
          "action {} changed nothing on a copy, so there was nothing to take back; run this check "
          "before the migration",
          up_);
      return;
    }
    if (!roll_back(context, *after_)) return;
    difference_ = compare(context, *after_);
    if (!writes_.empty()) try_writes(context);
    auto spares = sides_of(parameters_, "spares");
    spares.merge(sides_of(parameters_, "down_spares"));
    require_untouched(context, *copies_, parameters_, spares);
  }

  Outcome judge(CheckContext& context) override {
    if (!inconclusive_.empty()) return Outcome::inconclusive(inconclusive_);
    Outcome outcome = verdict(context);
    outcome.findings = findings_;
    outcome.findings_total = findings_.size() + difference_.total;
    outcome.findings.insert(outcome.findings.end(), difference_.findings.begin(), difference_.findings.end());
    const auto add = [&](const char* name, double value, const char* unit, std::uint64_t samples) {
      outcome.metrics.push_back({.name = name, .value = value, .unit = unit, .samples = samples});
    };
    add("rollback_s", std::chrono::duration<double>(took_).count(), "s", 1);
    if (parameters_.has("within")) {
      outcome.metrics.back().limit = std::chrono::duration<double>(parameters_.duration("within")).count();
    }
    add("differences", static_cast<double>(difference_.total), "", difference_.rows);
    add("writes_lost", static_cast<double>(lost_), "writes", writes_.size());
    outcome.coverage.push_back({.unit = "rows", .examined = difference_.rows, .expected = difference_.rows});
    outcome.coverage.push_back({.unit = "tables", .examined = difference_.tables, .expected = difference_.tables});
    if (!writes_.empty()) {
      outcome.coverage.push_back({.unit = "writes", .examined = writes_tried_, .expected = writes_.size()});
    }
    return outcome;
  }

  Control control(CheckContext& context) override {
    const std::string table = damage_state(after_->urls(), copies_->options(), ignored_names(parameters_));
    const StateDifference seen = compare(context, *after_, true);
    const std::string name = printable(table, 100);
    return {
        .planted = table.empty() ? "no table had a row to remove"
                                 : fmt::format("one row removed from {} after the rollback", name),
        .caught = !table.empty() && seen.total == 1 && seen.findings.front().summary.find(name) != std::string::npos,
        .observed = seen.none() ? "no difference" : seen.findings.front().summary};
  }

 private:
  TrialEnd run_action(const CheckContext& context, const Copy& copy, const std::string& action,
                      const char* spares) const {
    return ActionTrial(context, *copies_, action,
                       {.timeout = parameters_.duration("timeout"), .spares = sides_of(parameters_, spares)})
        .run(copy);
  }

  void migrate(const CheckContext& context, const Copy& copy) const {
    const TrialEnd end = run_action(context, copy, up_, "spares");
    if (!copies_->postgres().empty()) require_statements(end, up_);
    require_ended(end, up_);
    if (!end.succeeded()) {
      throw InputError(
          fmt::format("action {} on a copy {}: {}", up_, end.how(), printable(end.action.output_tail, 600)));
    }
  }

  // False when it did not end well, which is a finding.
  bool roll_back(const CheckContext& context, const Copy& copy) {
    const auto begun = context.clock->now();
    const TrialEnd end = run_action(context, copy, down_, "down_spares");
    took_ = end.timed_out ? context.clock->now() - begun : end.action.duration;
    if (!copies_->postgres().empty() && end.succeeded()) require_statements(end, down_);
    require_ended(end, down_);
    if (!end.succeeded()) {
      add_finding(context, "rollback-failed", fmt::format("the rollback {} {}", down_, end.how())).new_value =
          printable(end.action.output_tail, 1000);
      return false;
    }
    if (parameters_.has("within") && took_ > parameters_.duration("within")) {
      auto& finding = add_finding(context, "rollback-slow",
                                  fmt::format("the rollback {} took {}; it must be done within {}", down_,
                                              human_duration(took_), human_duration(parameters_.duration("within"))));
      finding.old_value = human_duration(parameters_.duration("within"));
      finding.new_value = human_duration(took_);
    }
    return true;
  }

  // On copies of their own, so that what is restored and what is kept are judged apart.
  void try_writes(const CheckContext& context) {
    for (const auto& write : writes_) {
      if (found(*after_, write)) {
        throw InputError(
            fmt::format("writes, {}: `kept` finds a row though nothing was written; ask for what only the "
                        "write can have made",
                        write.name));
      }
    }
    const auto copy = copies_->make();
    migrate(context, *copy);
    for (const auto& write : writes_) {
      commit_statement(copy->urls().at(write.on), copies_->options(), write.sql, "write " + printable(write.name, 60));
      if (write.on == write.kept_on && !found(*copy, write)) {
        throw InputError(fmt::format("writes, {}: `kept` finds no row even before the rollback", write.name));
      }
    }
    const auto behind = sequences_behind(*copy);
    if (!roll_back(context, *copy)) return;
    for (const auto& write : writes_) {
      ++writes_tried_;
      if (found(*copy, write)) continue;
      ++lost_;
      auto& finding = add_finding(
          context, "write-lost", fmt::format("what the new version wrote ({}) is gone after the rollback", write.name));
      finding.where.emplace_back("write", printable(write.name, 100));
      finding.old_value = printable(write.sql);
    }
    for (const auto& [column, state] : sequences_behind(*copy)) {
      if (behind.contains(column)) continue;
      auto& finding = add_finding(
          context, "sequence-behind",
          fmt::format("after the rollback {} gives {} next, but {} holds {}, written in between: inserts will collide",
                      state.sequence, state.next, column, state.highest));
      finding.where.emplace_back("column", printable(column, 200));
      finding.old_value = "after " + state.highest;
      finding.new_value = state.next;
    }
  }

  // By column. What was written in between may have taken numbers that the rollback lets be given again.
  std::map<std::string, SequenceState> sequences_behind(const Copy& copy) const {
    std::map<std::string, SequenceState> behind;
    CatalogRequest request;
    request.foreign_keys = false;
    for (const auto& store : copy.copied()) {
      if (!store.postgres) continue;
      const auto session = stores::open_sql_session(copy.urls().at(store.sides.front()), copies_->options());
      session->begin_read();
      for (const auto& state : read_catalog(*session, request).sequences) {
        if (state.behind) behind.emplace(state.column, state);
      }
    }
    return behind;
  }

  bool found(const Copy& copy, const Write& write) const {
    const std::string doing = "looking for write " + printable(write.name, 60);
    const auto session = stores::open_sql_session(copy.urls().at(write.kept_on), copies_->options());
    session->begin_read();
    try {
      return session->query(write.kept, {.rows = 1}, doing).total > 0;
    } catch (const InputError&) {
      // Most likely its table is gone with the rollback; before it, the query of the same text has worked.
      return false;
    }
  }

  Finding& add_finding(const CheckContext& context, const char* rule, std::string summary) {
    return findings_.emplace_back(Finding{
        .rule = rule, .summary = std::move(summary), .where = {{"action", down_}}, .reproduce = context.reproduce});
  }

  StateDifference compare(const CheckContext& context, const Copy& copy, bool damaged = false) const {
    StateOptions options{.store = copies_->options(), .work = context.work, .ignore = ignored_names(parameters_)};
    options.sample = 20;
    options.virtual_tables = !damaged;
    options.reproduce = context.reproduce;
    return compare_states(before_->urls(), copy.urls(), options);
  }

  Outcome verdict(const CheckContext&) const {
    std::vector<std::string> problems;
    if (!difference_.none()) {
      problems.push_back(
          fmt::format("the rollback leaves {} differences from the state before the migration; first: {}",
                      difference_.total, difference_.findings.front().summary));
    }
    for (const auto& finding : findings_) {
      if (problems.size() < 4) problems.push_back(finding.summary);
    }
    if (!problems.empty()) return Outcome::failed(fmt::format("{}", fmt::join(problems, "; ")));
    if (difference_.rows == 0) {
      return Outcome::inconclusive("the stores hold no rows before the migration, so no row could have been lost");
    }
    return Outcome::passed(fmt::format("the rollback took {} and restored {} rows of {} tables, schema and sequences{}",
                                       human_duration(took_), difference_.rows, difference_.tables,
                                       writes_.empty() ? "" : "; every write made in between is kept"));
  }

  Parameters parameters_;
  std::string up_;
  std::string down_;
  std::vector<Write> writes_;
  std::unique_ptr<StoreCopies> copies_;
  std::unique_ptr<Copy> before_;
  std::unique_ptr<Copy> after_;
  StateDifference difference_;
  std::vector<Finding> findings_;
  std::chrono::nanoseconds took_{0};
  std::uint64_t writes_tried_ = 0;
  std::uint64_t lost_ = 0;
  std::string inconclusive_;
};

std::vector<ParameterSpec> rollback_parameters() {
  const ParameterSpec write{
      .name = "write",
      .type = ParameterType::record,
      .doc = "one write of the new version's",
      .fields = {{.name = "sql", .doc = "the statement that writes", .required = true},
                 {.name = "on", .doc = "the side it writes to", .default_text = "new", .choices = {"old", "new"}},
                 {.name = "kept",
                  .doc = "a query that returns rows while what was written is there, and none otherwise",
                  .required = true},
                 {.name = "kept_on",
                  .doc = "the side where it must be after the rollback",
                  .default_text = "new",
                  .choices = {"old", "new"}}}};
  std::vector<ParameterSpec> all{
      {.name = "up",
       .doc = "the plan's action that migrates; it has not run yet when this check does",
       .required = true,
       .names = Names::command},
      {.name = "down", .doc = "the plan's action that rolls back", .required = true, .names = Names::command},
      {.name = "within",
       .type = ParameterType::duration,
       .doc = "the longest time that rolling back may take",
       .minimum = 0.001},
      spares_parameter("down_spares", "the rollback"),
      {.name = "writes",
       .type = ParameterType::map,
       .doc = "name -> what the new version writes between migration and rollback, and must not be lost",
       .item = {write}}};
  for (auto& each : copy_parameters()) all.push_back(std::move(each));
  return all;
}

}  // namespace

CheckKind rollback_kind() {
  return {
      .name = "migration.rollback",
      .proves =
          "On copies, migrating and rolling back leaves every row, every object of the schema and every sequence of "
          "both "
          "stores as it was; what the plan says is written in between is kept; and the rollback ends in time.",
      .cannot_prove =
          "That other writes than the plan's are kept; that the rollback works while the system is in use; or anything "
          "of effects outside the two stores, and of roles, statistics and storage parameters.",
      .parameters = rollback_parameters(),
      .needs_stores = true,
      .make = [](const Parameters& parameters) { return std::make_unique<RollbackCheck>(parameters); }};
}

}  // namespace sluice::migration
