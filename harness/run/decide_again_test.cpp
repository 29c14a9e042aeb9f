#include "harness/run/decide_again.hpp"

#include <gmock/gmock.h>

#include "harness/core/errors.hpp"
#include "harness/run/conclusion.hpp"
#include "harness/run/exit_code.hpp"
#include "harness/run/gate.hpp"

namespace sluice::run {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr TimePoint start = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20);

PhaseResult phase(std::string name, Verdict verdict, std::chrono::seconds after = 0s) {
  PhaseResult result{.name = name, .started = start + after};
  CheckResult check{.name = "rows", .phase = name, .stage = "after"};
  check.outcome.verdict = verdict;
  check.outcome.reason = "as it was";
  check.outcome.coverage = {{.unit = "rows", .examined = 7}};
  check.outcome.control = Control{.planted = "a change", .caught = true, .observed = "seen"};
  result.checks = {check};
  result.policy.required = {{"rows", "after"}};
  record(decide(result, {}), result);
  return result;
}

RunResult run_of(std::vector<PhaseResult> phases, std::vector<NotRun> not_run = {}) {
  RunResult run;
  run.identities = {{.name = "plan", .path = "plan.yaml", .sha256 = "aa", .bytes = 1}};
  run.phases = std::move(phases);
  run.not_run = std::move(not_run);
  conclude(run);
  return run;
}

TEST(DecidedAgain, AReportThatNobodyTouchedSaysTheSame) {
  for (const Verdict verdict : {Verdict::passed, Verdict::failed, Verdict::inconclusive, Verdict::errored}) {
    RunResult run = run_of({phase("data", verdict)});
    const RunResult before = run;
    EXPECT_TRUE(decide_again(run).empty()) << to_string(verdict);
    EXPECT_EQ(run.decision, before.decision);
    EXPECT_EQ(run.deciding_rule, before.deciding_rule);
    EXPECT_EQ(run.exit_code, before.exit_code);
  }
}

TEST(DecidedAgain, NoDecisionInTheReportIsTrusted) {
  RunResult run = run_of({phase("data", Verdict::failed)});
  run.phases[0].decision = run.decision = Decision::go;
  run.phases[0].deciding_rule = run.deciding_rule = "phase data: 1 of 1 required checks passed";
  run.exit_code = 0;
  const auto disagreements = decide_again(run);
  ASSERT_EQ(disagreements.size(), 2u);
  EXPECT_EQ(disagreements[0].what, "phase data");
  EXPECT_EQ(disagreements[0].said, "GO: phase data: 1 of 1 required checks passed");
  EXPECT_EQ(disagreements[0].decided, "NO-GO: phase data: rows failed: as it was");
  EXPECT_EQ(disagreements[1].what, "run");
  EXPECT_EQ(run.decision, Decision::no_go);
  EXPECT_EQ(run.exit_code, ExitCode::no_go);
}

TEST(DecidedAgain, AnEditedRowAWaiverAndAConcessionAreNoticed) {
  RunResult run = run_of({phase("data", Verdict::passed)});
  run.phases[0].rules[0].observed = "passed: 2 of 2 rows";
  const auto disagreements = decide_again(run);
  ASSERT_EQ(disagreements.size(), 1u);
  EXPECT_THAT(disagreements[0].said, HasSubstr("observed passed: 2 of 2 rows"));
  EXPECT_THAT(disagreements[0].decided, HasSubstr("observed passed: as it was"));
  EXPECT_TRUE(decide_again(run).empty()) << "once is enough";
  run.phases[0].rules.pop_back();
  EXPECT_EQ(decide_again(run).size(), 1u);
  run.phases[0].waivers.push_back({});
  EXPECT_EQ(decide_again(run).size(), 1u);
  run.phases[0].concessions.push_back({});
  EXPECT_EQ(decide_again(run).size(), 1u);
  run.exit_code = 4;
  EXPECT_EQ(decide_again(run).size(), 1u);
}

TEST(DecidedAgain, TheExitCodeOfASignalIsNoDisagreement) {
  PhaseResult cut = phase("data", Verdict::passed);
  cut.interrupted = true;
  record(decide(cut, {}), cut);
  RunResult run = run_of({cut});
  run.interrupted = "SIGINT";
  run.exit_code = 130;
  EXPECT_TRUE(decide_again(run).empty());
}

TEST(Combined, TheWorstOfTheLatestJudgementsDecides) {
  const RunResult first = run_of({phase("data", Verdict::failed), phase("cutover", Verdict::passed)});
  const RunResult second = run_of({phase("data", Verdict::passed, 60s)});
  EXPECT_EQ(combine({first, second}).decision, Decision::go);
  EXPECT_EQ(combine({second, first}).decision, Decision::go) << "whatever their order";
  const RunResult third = run_of({phase("cutover", Verdict::failed, 90s)});
  EXPECT_EQ(combine({first, second, third}).decision, Decision::no_go);
  EXPECT_THAT(combine({first, second, third}).deciding_rule, HasSubstr("phase cutover: rows failed"));
}

TEST(Combined, OfTwoJudgementsOfOneInstantTheWorseCounts) {
  const RunResult good = run_of({phase("data", Verdict::passed)});
  const RunResult bad = run_of({phase("data", Verdict::failed)});
  EXPECT_EQ(combine({good, bad}).decision, Decision::no_go);
  EXPECT_EQ(combine({bad, good}).decision, Decision::no_go);
}

TEST(Combined, APhaseThatWasOnlyEnteredOrDidNotRunIsNotJudged) {
  PhaseResult entered = phase("data", Verdict::passed, 90s);
  entered.entered_only = true;
  const RunResult earlier = run_of({phase("data", Verdict::failed)});
  EXPECT_EQ(combine({earlier, run_of({entered, phase("cutover", Verdict::passed)})}).decision, Decision::no_go);
  const RunResult skipped = run_of({phase("cutover", Verdict::passed)}, {{"phase", "data", "data", "not asked for"}});
  EXPECT_EQ(skipped.decision, Decision::inconclusive);
  EXPECT_EQ(combine({run_of({phase("data", Verdict::passed)}), skipped}).decision, Decision::go);
  EXPECT_EQ(combine({skipped, skipped}).decision, Decision::inconclusive);
}

TEST(Combined, AnEnvironmentThatFailedCountsUntilItsPhasesWereJudgedAnew) {
  PhaseResult lost = phase("data", Verdict::errored);
  lost.environment_failure = "service v2 died";
  record(decide(lost, {}), lost);
  RunResult broken = run_of({lost});
  broken.environment_failure = "service v2 died";
  conclude(broken);
  EXPECT_EQ(combine({broken, run_of({phase("cutover", Verdict::passed)})}).exit_code, ExitCode::environment);
  EXPECT_EQ(combine({broken, run_of({phase("data", Verdict::passed, 60s)})}).exit_code, ExitCode::go);
  RunResult nothing;
  nothing.environment_failure = "no disk";
  conclude(nothing);
  EXPECT_EQ(combine({nothing, run_of({phase("data", Verdict::passed)})}).exit_code, ExitCode::environment);
}

TEST(Combined, NoReportIsNoEvidence) { EXPECT_THROW(combine({}), InputError); }

TEST(Demanded, PhasesMustHaveBeenJudged) {
  RunResult run = run_of({phase("data", Verdict::passed)});
  demand({"data"}, run);
  EXPECT_EQ(run.decision, Decision::go);
  demand({"data", "cutover"}, run);
  EXPECT_EQ(run.decision, Decision::inconclusive);
  EXPECT_EQ(run.deciding_rule, "phase cutover did not run: no report judges it");
  PhaseResult entered = phase("base", Verdict::passed);
  entered.entered_only = true;
  RunResult other = run_of({entered, phase("data", Verdict::passed)});
  demand({"base"}, other);
  EXPECT_EQ(other.decision, Decision::inconclusive);
}

}  // namespace
}  // namespace sluice::run
