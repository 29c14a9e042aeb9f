#include <gmock/gmock.h>

#include <limits>
#include <random>

#include "harness/core/glob.hpp"
#include "harness/run/conclusion.hpp"
#include "harness/run/decide_again.hpp"
#include "harness/run/gate.hpp"
#include "harness/run/waiver.hpp"
#include "reports/json.hpp"

namespace sluice {
namespace {

constexpr int rounds = 3000;

/// Makes up phases and runs from a seed: every verdict, control, policy and failure meets every other.
class Inventor {
 public:
  explicit Inventor(std::uint64_t seed) : random_(seed) {}

  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }
  bool chance(int percent) { return below(100) < percent; }
  template <typename Item>
  const Item& one_of(const std::vector<Item>& items) {
    return items[static_cast<std::size_t>(below(static_cast<int>(items.size())))];
  }

  RunResult run() {
    RunResult run;
    run.identities = {{.name = "plan", .path = "plan.yaml", .sha256 = "aa", .bytes = 1}};
    for (int i = below(3); i >= 0; --i) run.phases.push_back(phase("p" + std::to_string(i), run.not_run));
    if (chance(10)) run.not_run.push_back({"phase", "later", "later", "it needs p0, which is NO-GO"});
    if (chance(10)) run.environment_failure = "service v2 died: killed by signal 9";
    for (auto& phase : run.phases) {
      if (!phase.entered_only) run::record(run::decide(phase, run.not_run), phase);
    }
    run::conclude(run);
    return run;
  }

  Finding finding() {
    return {.rule = one_of(rules_),
            .severity = static_cast<Severity>(below(4)),
            .summary = "„differs“ \t & <b>",
            .where = {{"table", one_of(tables_)}, {"key", "id=" + std::to_string(below(3))}},
            .old_value = chance(50) ? std::optional<std::string>("old") : std::nullopt,
            .new_value = std::nullopt,
            .reproduce = {},
            .occurrences = static_cast<std::uint64_t>(below(5))};
  }

  Waiver waiver() {
    Waiver waiver{.check = one_of(checks_),
                  .rule = chance(50) ? "*" : one_of(rules_),
                  .where = {},
                  .owner = "Ada „Countess“",
                  .reason = "known",
                  .expires = chance(80) ? "2027-01-31" : (chance(50) ? "2020-01-31" : "never"),
                  .severity_ack = chance(60) ? "critical" : "",
                  .source = "plan.yaml:" + std::to_string(below(50)) + ":5"};
    if (chance(30)) waiver.check = "*";
    if (chance(40)) waiver.where = {{"table", one_of(tables_)}};
    return waiver;
  }

  CheckResult check(const std::string& name, const std::string& phase, const std::string& stage) {
    CheckResult check{.name = name, .kind = "test.any", .suite = "test", .phase = phase, .stage = stage};
    Outcome& outcome = check.outcome;
    outcome.verdict = chance(68) ? Verdict::passed : chance(60) ? Verdict::failed : static_cast<Verdict>(below(5));
    outcome.reason = "rëason " + std::to_string(below(9));
    if (chance(95)) outcome.coverage = {{.unit = "rows", .examined = static_cast<std::uint64_t>(below(40))}};
    if (outcome.verdict == Verdict::passed ? chance(95) : chance(10))
      outcome.control = Control{.planted = "a change", .caught = chance(92), .observed = "…"};
    for (int i = below(4); i > 0 && outcome.verdict != Verdict::passed; --i) outcome.findings.push_back(finding());
    outcome.findings_total = outcome.findings.size() + (chance(10) ? 3 : 0);
    for (int i = below(3); i > 0; --i) outcome.metrics.push_back(metric());
    return check;
  }

  Metric metric() {
    const double values[] = {75,
                             75.00000000000001,
                             1.0 / 3,
                             1e300,
                             -0.0,
                             std::numeric_limits<double>::quiet_NaN(),
                             std::numeric_limits<double>::infinity()};
    return {.name = chance(50) ? "p99" : "count",
            .value = values[below(7)],
            .unit = chance(50) ? "ms" : "rows",
            .interval = chance(30) ? std::optional<Interval>(Interval{0.1, 1.0 / 7, 0.95}) : std::nullopt,
            .limit = std::nullopt,
            .samples = static_cast<std::uint64_t>(below(3))};
  }

 private:
  GatePolicy policy() {
    GatePolicy policy;
    for (const auto& name : checks_) {
      if (chance(75)) policy.required.push_back({name, "after"});
      if (chance(10)) policy.required.push_back({name, "before"});
      if (chance(10)) policy.allow_inconclusive.push_back(name);
      if (chance(15)) policy.coverage.push_back({name, static_cast<std::uint64_t>(below(20))});
    }
    if (chance(20)) policy.actions = {"migrate"};
    if (chance(25))
      policy.limits.push_back({one_of(checks_), "p99", chance(80) ? std::optional(75.0) : std::nullopt,
                               chance(30) ? std::optional(0.1) : std::nullopt});
    for (int i = below(4) - 1; i > 0; --i) policy.waivers.push_back(waiver());
    policy.controls = chance(90);
    return policy;
  }

  PhaseResult phase(const std::string& name, std::vector<NotRun>& not_run) {
    PhaseResult phase{.name = name, .entered_only = chance(10)};
    phase.started = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + std::chrono::hours(below(48));
    phase.policy = policy();
    for (const auto& [check_name, stage] : phase.policy.required) {
      if (chance(93))
        phase.checks.push_back(check(check_name, name, stage));
      else if (chance(50))
        not_run.push_back({"check", check_name, name, "action migrate failed"});
    }
    if (chance(80))
      phase.actions.push_back({.name = "migrate",
                               .phase = name,
                               .command = {},
                               .outcome = "exit code",
                               .succeeded = chance(95),
                               .output_tail = {},
                               .log = {}});
    if (chance(5)) phase.environment_failure = "service v2 died: killed by signal 9";
    phase.interrupted = chance(4);
    phase.partial = chance(4);
    return phase;
  }

  std::mt19937_64 random_;
  std::vector<std::string> checks_{"rows", "replay", "latency"};
  std::vector<std::string> rules_{"row-changed", "row-missing", "status-differs"};
  std::vector<std::string> tables_{"captures", "users"};
};

TEST(GateProperty, AReportDecidedAgainSaysTheSameWordForWord) {
  std::map<Decision, int> seen;
  int waived = 0;
  for (int round = 0; round < rounds; ++round) {
    const RunResult run = Inventor(static_cast<std::uint64_t>(round)).run();
    ++seen[run.decision];
    for (const auto& phase : run.phases) waived += phase.decision == Decision::go && !phase.concessions.empty();
    RunResult again = reports::from_json(reports::json(run));
    const auto disagreements = run::decide_again(again);
    ASSERT_TRUE(disagreements.empty()) << "seed " << round << ": " << disagreements[0].what << "\nsaid "
                                       << disagreements[0].said << "\nnow  " << disagreements[0].decided;
    ASSERT_EQ(again.decision, run.decision) << "seed " << round;
    ASSERT_EQ(again.deciding_rule, run.deciding_rule) << "seed " << round;
    ASSERT_EQ(again.exit_code, run.exit_code) << "seed " << round;
  }
  // What was invented must reach every corner, or the above says little.
  for (const Decision decision : {Decision::go, Decision::no_go, Decision::inconclusive})
    EXPECT_GT(seen[decision], rounds / 50) << to_string(decision);
  EXPECT_GT(waived, 20);
}

// Failing with nothing that a waiver covers: the one way in which a failure may open a gate is that a waiver, which was
// NO-GO because it hid nothing, has its finding back.
TEST(GateProperty, AFailureThatNobodyWaivedNeverLeavesAGateOpen) {
  int turned = 0;
  for (int round = 0; round < rounds; ++round) {
    for (PhaseResult phase : Inventor(static_cast<std::uint64_t>(round)).run().phases) {
      for (auto& check : phase.checks) {
        if (check.outcome.verdict != Verdict::passed) continue;
        const auto& required = phase.policy.required;
        if (std::none_of(required.begin(), required.end(),
                         [&](const RequiredCheck& r) { return r.check == check.name && r.stage == check.stage; }))
          continue;
        const Outcome before = check.outcome;
        check.outcome.verdict = Verdict::failed;
        check.outcome.control.reset();
        ASSERT_EQ(run::decide(phase, {}).decision, Decision::no_go) << "seed " << round;
        Finding unknown{.rule = "never-waived",
                        .severity = Severity::error,
                        .summary = "s",
                        .where = {},
                        .old_value = std::nullopt,
                        .new_value = std::nullopt,
                        .reproduce = {}};
        check.outcome.findings.push_back(unknown);
        ++check.outcome.findings_total;
        phase.policy.waivers.push_back(Inventor(static_cast<std::uint64_t>(round)).waiver());
        phase.policy.waivers.back().rule = "row-*";
        for (auto& waiver : phase.policy.waivers) waiver.rule = waiver.rule == "*" ? "row-*" : waiver.rule;
        ASSERT_EQ(run::decide(phase, {}).decision, Decision::no_go) << "seed " << round;
        check.outcome = before;
        ++turned;
      }
    }
  }
  EXPECT_GT(turned, rounds);
}

TEST(GateProperty, AWaiverChangesNoCheckThatItDoesNotMatch) {
  int compared = 0;
  for (int round = 0; round < rounds; ++round) {
    Inventor inventor(static_cast<std::uint64_t>(round));
    for (PhaseResult phase : inventor.run().phases) {
      const auto before = run::decide(phase, {}).rules;
      const Waiver added = inventor.waiver();
      phase.policy.waivers.push_back(added);
      const auto after = run::decide(phase, {}).rules;
      for (const auto& rule : before) {
        if (!rule.rule.starts_with("require ") || glob_matches(added.check, rule.rule.substr(8))) continue;
        ASSERT_NE(std::find(after.begin(), after.end(), rule), after.end()) << "seed " << round << ": " << rule.rule;
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, rounds);
}

TEST(GateProperty, NothingThatDidNotRunOrWasLostOpensAGate) {
  for (int round = 0; round < rounds; ++round) {
    for (PhaseResult phase : Inventor(static_cast<std::uint64_t>(round)).run().phases) {
      if (run::decide(phase, {}).decision != Decision::go) continue;
      for (std::size_t i = 0; i < phase.checks.size(); ++i) {
        PhaseResult less = phase;
        less.checks.erase(less.checks.begin() + static_cast<std::ptrdiff_t>(i));
        ASSERT_NE(run::decide(less, {}).decision, Decision::go) << "seed " << round;
        PhaseResult errored = phase;
        errored.checks[i].outcome.verdict = Verdict::errored;
        ASSERT_NE(run::decide(errored, {}).decision, Decision::go) << "seed " << round;
        PhaseResult empty = phase;
        empty.checks[i].outcome.coverage.clear();
        ASSERT_NE(run::decide(empty, {}).decision, Decision::go) << "seed " << round;
      }
      phase.environment_failure = "service v2 died";
      ASSERT_NE(run::decide(phase, {}).decision, Decision::go) << "seed " << round;
    }
  }
}

}  // namespace
}  // namespace sluice
