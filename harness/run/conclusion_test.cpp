#include "harness/run/conclusion.hpp"

#include <gtest/gtest.h>

#include "harness/run/exit_code.hpp"

namespace sluice::run {
namespace {

PhaseResult phase(std::string name, Decision decision) {
  PhaseResult result{.name = name, .decision = decision};
  result.deciding_rule = "phase " + name + ": its rule";
  return result;
}

RunResult concluded(std::vector<PhaseResult> phases) {
  RunResult run;
  run.phases = std::move(phases);
  conclude(run);
  return run;
}

TEST(Conclusion, IsThatOfTheWorstPhase) {
  const RunResult run =
      concluded({phase("a", Decision::go), phase("b", Decision::no_go), phase("c", Decision::inconclusive)});
  EXPECT_EQ(run.decision, Decision::no_go);
  EXPECT_EQ(run.deciding_rule, "phase b: its rule");
  EXPECT_EQ(run.exit_code, ExitCode::no_go);
}

TEST(Conclusion, NeverCallsSeveralPhasesAPlainGoWhenSomethingIsWaived) {
  PhaseResult waived = phase("a", Decision::go);
  waived.concessions = {{"rows", "after", Verdict::failed, 2, "waived by Ada"},
                        {"latency", "after", Verdict::inconclusive, 0, "allowed"}};
  EXPECT_EQ(concluded({waived, phase("b", Decision::go)}).deciding_rule,
            "all 2 phases passed their gates; 2 findings waived; 1 check allowed to be inconclusive");
  EXPECT_EQ(concluded({phase("a", Decision::go), phase("b", Decision::go)}).deciding_rule,
            "all 2 phases passed their gates");
}

TEST(Conclusion, IsUndecidedWhereAPhaseDidNotRunOrTheEnvironmentFailed) {
  RunResult run;
  run.phases = {phase("a", Decision::go)};
  run.not_run = {{"phase", "b", "b", "it needs phase c"}};
  conclude(run);
  EXPECT_EQ(run.decision, Decision::inconclusive);
  EXPECT_EQ(run.deciding_rule, "phase b did not run: it needs phase c");
  EXPECT_EQ(run.exit_code, ExitCode::inconclusive);
  run.environment_failure = "service v2 died";
  conclude(run);
  EXPECT_EQ(run.deciding_rule, "service v2 died");
  EXPECT_EQ(run.exit_code, ExitCode::environment);
}

TEST(Conclusion, OfNothingIsNotGo) {
  EXPECT_EQ(concluded({}).decision, Decision::inconclusive);
  PhaseResult entered = phase("a", Decision::go);
  entered.entered_only = true;
  EXPECT_EQ(concluded({entered}).decision, Decision::inconclusive);
}

TEST(Conclusion, SaysThatTheLedgerThatWasNamedDoesNotHoldTheRun) {
  RunResult run;
  run.phases = {phase("a", Decision::go)};
  run.ledger = {.path = "ledger.db", .problem = "the disk is full", .asked = true};
  conclude(run);
  EXPECT_EQ(run.decision, Decision::go);
  EXPECT_EQ(run.exit_code, ExitCode::environment);
  run.ledger.asked = false;  // nobody named it: that is a warning
  conclude(run);
  EXPECT_EQ(run.exit_code, ExitCode::go);
  run.ledger = {.path = "ledger.db", .record = "2c26", .problem = "its mark was not written", .asked = true};
  conclude(run);
  EXPECT_EQ(run.exit_code, ExitCode::go);
}

}  // namespace
}  // namespace sluice::run
