#include "harness/cli/prove.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

using ::testing::HasSubstr;

plan::Overlay overlay(const std::string& rule = "") {
  plan::Overlay fault;
  fault.path = "faults/alter.yaml";
  fault.fault = "a text is altered";
  fault.check = "rows";
  fault.phase = "data";
  fault.rule = rule;
  return fault;
}

RunResult result_with(const std::string& check, Verdict verdict, const std::string& phase = "data") {
  RunResult result;
  CheckResult ran{.name = check, .phase = phase};
  ran.outcome.verdict = verdict;
  ran.outcome.reason = "because";
  ran.outcome.findings = {{.rule = "row-changed"}};
  PhaseResult judged{.name = phase};
  judged.checks = {ran};
  result.phases = {judged};
  result.decision = Decision::no_go;
  result.deciding_rule = "phase data: something";
  return result;
}

TEST(JudgeFault, IsCaughtOnlyByTheExpectedCheckFailingInItsPhase) {
  EXPECT_EQ(judge_fault(overlay(), result_with("rows", Verdict::failed)).outcome, FaultOutcome::caught);
  EXPECT_EQ(judge_fault(overlay(), result_with("replay", Verdict::failed)).outcome, FaultOutcome::caught_by_another);
  EXPECT_EQ(judge_fault(overlay(), result_with("rows", Verdict::failed, "cutover")).outcome,
            FaultOutcome::caught_by_another);
}

TEST(JudgeFault, IsMissedByAnythingShortOfAFailure) {
  for (const Verdict verdict : {Verdict::passed, Verdict::inconclusive, Verdict::errored, Verdict::skipped}) {
    EXPECT_EQ(judge_fault(overlay(), result_with("rows", verdict)).outcome, FaultOutcome::missed)
        << sluice::to_string(verdict);
  }
  EXPECT_EQ(judge_fault(overlay(), RunResult{}).outcome, FaultOutcome::missed);
}

TEST(JudgeFault, AsksForTheNamedRule) {
  EXPECT_EQ(judge_fault(overlay("row-changed"), result_with("rows", Verdict::failed)).outcome, FaultOutcome::caught);
  const auto row = judge_fault(overlay("row-missing"), result_with("rows", Verdict::failed));
  EXPECT_EQ(row.outcome, FaultOutcome::missed);
  EXPECT_THAT(row.seen, HasSubstr("no finding of rule row-missing"));
}

TEST(FalseAlarm, IsEveryHealthyRunThatIsNotGo) {
  RunResult healthy;
  healthy.decision = Decision::go;
  EXPECT_EQ(false_alarm(healthy), "");
  healthy.decision = Decision::inconclusive;
  healthy.deciding_rule = "too noisy";
  EXPECT_EQ(false_alarm(healthy), "INCONCLUSIVE: too noisy");
}

}  // namespace
}  // namespace sluice::cli
