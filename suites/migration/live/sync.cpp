#include "suites/migration/live/sync.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <thread>

#include "harness/core/errors.hpp"
#include "harness/core/pause.hpp"
#include "suites/migration/live/sync_judge.hpp"
#include "suites/migration/live/sync_side.hpp"
#include "suites/migration/live/sync_trials.hpp"
#include "suites/migration/side_session.hpp"

namespace sluice::migration {
namespace {

using std::chrono::nanoseconds;

SyncPolicy policy_of(const std::string& name) {
  if (name == "old_wins") return SyncPolicy::old_wins;
  return name == "new_wins" ? SyncPolicy::new_wins : SyncPolicy::last_writer_wins;
}

class SyncCheck final : public Check {
 public:
  explicit SyncCheck(const Parameters& parameters)
      : parameters_(parameters), policy_(policy_of(parameters.text("policy"))) {}

  void prepare(CheckContext& context) override {
    old_.emplace(context, parameters_, "old");
    new_.emplace(context, parameters_, "new");
    const std::string identity = old_->identity();
    if (context.store("old") == context.store("new") || (!identity.empty() && identity == new_->identity()))
      throw InputError("both sides are the same store, which is always equal to itself");
    SyncTrialOptions options{.trials = static_cast<std::size_t>(parameters_.integer("trials")),
                             .conflicts_min = static_cast<std::size_t>(parameters_.integer("conflicts_min")),
                             .within = parameters_.duration("within"),
                             .quiet = parameters_.duration("quiet"),
                             .apart = std::nullopt};
    if (policy_ == SyncPolicy::last_writer_wins) options.apart = parameters_.duration("apart");
    trials_.emplace(*old_, *new_, options, context);
  }

  void exercise(CheckContext& context) override {
    try {
      trials_->run();
    } catch (const Cancelled&) {
      take_away(context);
      throw;
    }
    evidence_ = trials_->evidence();
  }

  Outcome judge(CheckContext& context) override {
    const auto problems = judge_sync(evidence_, policy_);
    const std::string counts =
        fmt::format("{} writes and {} conflicts", evidence_.propagations.size(), evidence_.conflicts.size());
    Outcome outcome = Outcome::passed(fmt::format("{}: both sides are equal and at rest", counts));
    if (const auto name = unprovoked())
      outcome = Outcome::inconclusive(fmt::format(
          "{}: too few writes met as \"{}\", as the sync carried the first over before the second was made: {}", counts,
          *name,
          policy_ == SyncPolicy::last_writer_wins
              ? "lower `apart`, or `conflicts_min` where the sync is a part of the write"
              : "lower `conflicts_min` where the sync is a part of the write"));
    if (!problems.empty()) outcome = Outcome::failed(fmt::format("{}: {}", counts, summary_of(problems)));
    const auto sample = static_cast<std::size_t>(parameters_.integer("sample"));
    for (std::size_t i = 0; i < std::min(sample, problems.size()); ++i)
      outcome.findings.push_back(finding(problems[i], context));
    outcome.findings_total = problems.size();
    outcome.coverage = {{.unit = "trials",
                         .examined = evidence_.propagations.size() + evidence_.conflicts.size(),
                         .expected = evidence_.propagations.size() + evidence_.conflicts.size()}};
    nanoseconds slowest{0};
    for (const auto& propagation : evidence_.propagations) slowest = std::max(slowest, propagation.took);
    outcome.metrics = {{.name = "slowest_write_s",
                        .value = std::chrono::duration<double>(slowest).count(),
                        .unit = "s",
                        .limit = std::chrono::duration<double>(parameters_.duration("within")).count(),
                        .samples = evidence_.propagations.size()}};
    return outcome;
  }

  // What was observed is judged again with one thing altered each time, and the sides are asked for an item that was
  // never written: a sync that everything agrees with would be found out.
  Control control(CheckContext&) override {
    Control control{.planted = {}, .caught = true, .observed = {}};
    std::vector<std::string> planted, observed;
    const auto plant = [&](const std::string& what, const std::string& rule, const auto& change) {
      SyncEvidence altered = evidence_;
      change(altered);
      const auto problems = judge_sync(altered, policy_);
      const bool caught = std::any_of(problems.begin(), problems.end(),
                                      [&](const SyncProblem& problem) { return problem.rule == rule; });
      planted.push_back(what);
      observed.push_back(fmt::format("{} {}", rule, caught ? "found" : "not found"));
      control.caught = control.caught && caught;
    };
    plant("a write that never arrived", "not-propagated",
          [](SyncEvidence& evidence) { evidence.propagations.front().seen = SyncValue("planted"); });
    plant("two rows of one item", "row-doubled",
          [](SyncEvidence& evidence) { evidence.propagations.front().rows = 2; });
    plant("sides that differ", "conflict-diverged",
          [](SyncEvidence& evidence) { evidence.conflicts.front().new_end = "planted"; });
    plant("the loser on both sides", "conflict-policy", [this](SyncEvidence& evidence) {
      for (auto& conflict : evidence.conflicts) {
        conflict.met = true;
        const SyncValue wanted = expected_end(conflict, policy_);
        conflict.old_end = conflict.new_end = wanted == conflict.old_wrote ? conflict.new_wrote : conflict.old_wrote;
      }
    });
    plant("a delete undone on both sides", "write-undone",
          [](SyncEvidence& evidence) { evidence.ends.front().old_end = evidence.ends.front().new_end = "planted"; });
    plant("a side that goes on changing", "echo-loop",
          [](SyncEvidence& evidence) { evidence.unrest.front().changes = 1; });
    const SyncItem never = trials_->next_item();
    for (SyncSide* const side : {&*old_, &*new_}) {
      const bool there = side->read(never).rows > 0;
      planted.push_back(fmt::format("the {} side asked for an item never written", side->name()));
      observed.push_back(there ? "it is there" : "it is not there");
      control.caught = control.caught && !there;
    }
    control.planted = fmt::format("{}", fmt::join(planted, ", "));
    control.observed = fmt::format("{}", fmt::join(observed, ", "));
    return control;
  }

 private:
  // Over connections that the interruption does not end, and within the time that an interrupted run may still take.
  void take_away(CheckContext context) {
    constexpr std::chrono::seconds longest{2};
    std::stop_source late;
    const std::jthread timer([&](const std::stop_token& stop) {
      if (pause_for(longest, stop)) late.request_stop();
    });
    context.cancelled = late.get_token();
    try {
      SyncSide old_side(context, parameters_, "old"), new_side(context, parameters_, "new");
      trials_->take_away(old_side, new_side);
    } catch (const std::exception&) {  // a side that is gone keeps what it has
    }
  }

  // The kind and order of conflicts of which too few met; nullopt when there is none.
  std::optional<std::string> unprovoked() const {
    for (const auto& [name, met] : conflicts_met(evidence_)) {
      if (met < static_cast<std::size_t>(parameters_.integer("conflicts_min"))) return name;
    }
    return std::nullopt;
  }

  static std::string summary_of(const std::vector<SyncProblem>& problems) {
    std::map<std::string, std::size_t> rules;
    for (const auto& problem : problems) ++rules[problem.rule];
    std::vector<std::string> texts;
    for (const auto& [rule, number] : rules) texts.push_back(fmt::format("{} {}", number, rule));
    return fmt::format("{}", fmt::join(texts, ", "));
  }

  Finding finding(const SyncProblem& problem, const CheckContext& context) const {
    const SyncItem* const item = trials_->find(problem.key);
    const std::string shown = item == nullptr ? "read `changes` twice"
                                              : fmt::format("old: {} new: {}", old_->shown(*item), new_->shown(*item));
    return {.rule = problem.rule,
            .summary = problem.summary,
            .where = {{"what", problem.what}, {"key", problem.key}},
            .old_value = problem.old_value,
            .new_value = problem.new_value,
            .reproduce = reproduced_by(context, shown)};
  }

  Parameters parameters_;
  SyncPolicy policy_;
  std::optional<SyncSide> old_, new_;
  std::optional<SyncTrials> trials_;
  SyncEvidence evidence_;
};

std::vector<ParameterSpec> sync_parameters() {
  std::vector<ParameterSpec> table{
      SyncSide::parameter("old"),
      SyncSide::parameter("new"),
      {.name = "policy",
       .doc = "which of two conflicting writes must stand on both sides",
       .default_text = "last_writer_wins",
       .choices = {"last_writer_wins", "old_wins", "new_wins"}},
      duration_parameter(
          "within",
          "how long a write may take to reach the other side, a conflict to be settled, and everything to come to rest",
          "5s", 0.001),
      duration_parameter("quiet", "how long nothing may change any more after that", "1s", 0.1),
      duration_parameter(
          "apart",
          "how far two conflicting writes lie apart where the last writer wins: more than the sides' clocks differ",
          "5ms", 0),
      {.name = "trials",
       .type = ParameterType::integer,
       .doc = "items of every kind of write and conflict",
       .default_text = "5",
       .minimum = 1,
       .maximum = 1000,
       .strictness = Strictness::higher_is_stricter},
      {.name = "conflicts_min",
       .type = ParameterType::integer,
       .doc = "conflicts of every kind in which neither side knew of the other's write; 0: of a sync that is a part of "
              "the "
              "write there may be none",
       .default_text = "1",
       .minimum = 0,
       .maximum = 1000,
       .strictness = Strictness::higher_is_stricter},
      sample_parameter()};
  for (auto& parameter : session_parameters("30s")) table.push_back(std::move(parameter));
  return table;
}

}  // namespace

CheckKind sync_kind() {
  return {.name = "migration.sync",
          .proves =
              "What is written to either store is in the other within the time allowed; writes that conflict end equal "
              "on both sides, as the policy says; and then nothing changes any more.",
          .cannot_prove =
              "Anything about tables and columns that the statements do not touch, about conflicts of more than two "
              "writes, or about a sync that is cut off and comes back.",
          .parameters = sync_parameters(),
          .needs_stores = true,
          .writes_stores = true,
          .make = [](const Parameters& parameters) { return std::make_unique<SyncCheck>(parameters); }};
}

}  // namespace sluice::migration
