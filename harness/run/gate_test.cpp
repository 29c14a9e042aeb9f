#include "harness/run/gate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace sluice::run {
namespace {

using ::testing::HasSubstr;

class GateTest : public ::testing::Test {
 protected:
  GateTest() {
    for (const auto& [name, kind] : {std::pair("rows", "migration.rows"), {"replay", "compat.replay"}}) {
      plan::CheckSpec check;
      check.name = name;
      check.kind.name = kind;
      plan_.checks.push_back(std::move(check));
    }
    phase_.name = "data";
    phase_.after = {"rows", "replay"};
    phase_.require = {"all"};
  }

  static CheckResult passed(const std::string& name) {
    CheckResult check{.name = name, .phase = "data", .stage = "after"};
    check.outcome = Outcome::passed("all is equal");
    check.outcome.coverage = {{.unit = "rows", .examined = 20001}};
    check.outcome.control = Control{.planted = "a change", .caught = true, .observed = "seen"};
    return check;
  }
  GateDecision decision() const {
    PhaseResult phase{.name = phase_.name};
    phase.actions = actions_;
    phase.checks = checks_;
    phase.policy = gate_policy(phase_, plan_, controls_enabled_);
    phase.environment_failure = environment_failure_;
    phase.interrupted = interrupted_;
    phase.partial = partial_;
    return decide(phase, not_run_);
  }

  plan::Plan plan_;
  plan::PhaseSpec phase_;
  std::vector<CheckResult> checks_{passed("rows"), passed("replay")};
  std::vector<ActionResult> actions_;
  std::vector<NotRun> not_run_;
  std::string environment_failure_;
  bool interrupted_ = false;
  bool controls_enabled_ = true;
  bool partial_ = false;
};

TEST_F(GateTest, OpensWhenEveryRequiredCheckPassedWithItsControl) {
  EXPECT_EQ(decision().decision, Decision::go);
  EXPECT_EQ(decision().deciding_rule, "phase data: 2 of 2 required checks passed");
}

TEST_F(GateTest, ClosesOnOneFailedCheckAndNamesIt) {
  checks_[1].outcome = Outcome::failed("14 answers differ");
  EXPECT_EQ(decision().decision, Decision::no_go);
  EXPECT_EQ(decision().deciding_rule, "phase data: replay failed: 14 answers differ");
}

TEST_F(GateTest, StaysUndecidedOnWhateverIsNeitherPassedNorFailed) {
  for (const Verdict verdict : {Verdict::inconclusive, Verdict::errored, Verdict::skipped}) {
    checks_[0].outcome.verdict = verdict;
    EXPECT_EQ(decision().decision, Decision::inconclusive) << to_string(verdict);
  }
}

TEST_F(GateTest, PutsAFailureBeforeAnUndecidedCheck) {
  checks_[0].outcome = Outcome::inconclusive("too few samples");
  checks_[1].outcome = Outcome::failed("14 answers differ");
  EXPECT_EQ(decision().decision, Decision::no_go);
  EXPECT_THAT(decision().deciding_rule, HasSubstr("replay failed"));
}

TEST_F(GateTest, DoesNotOpenOnACheckThatDidNotRun) {
  checks_.pop_back();
  not_run_.push_back({"check", "replay", "data", "action migrate failed"});
  EXPECT_EQ(decision().decision, Decision::inconclusive);
  EXPECT_EQ(decision().deciding_rule, "phase data: replay did not run: action migrate failed");
}

TEST_F(GateTest, DoesNotOpenOnAPassThatExaminedNothing) {
  checks_[0].outcome.coverage.clear();
  EXPECT_EQ(decision().decision, Decision::inconclusive);
  EXPECT_THAT(decision().deciding_rule, HasSubstr("without having examined anything"));
}

TEST_F(GateTest, DoesNotOpenOnAPassWhoseControlWasNotCaught) {
  checks_[0].outcome.control->caught = false;
  EXPECT_EQ(decision().decision, Decision::inconclusive);
  checks_[0].outcome.control.reset();
  EXPECT_EQ(decision().decision, Decision::inconclusive);
  controls_enabled_ = false;
  EXPECT_EQ(decision().decision, Decision::go);
}

TEST_F(GateTest, ClosesOnAFailedAction) {
  actions_.push_back({.name = "migrate", .outcome = "exit code 1", .succeeded = false});
  EXPECT_EQ(decision().decision, Decision::no_go);
  EXPECT_EQ(decision().deciding_rule, "phase data: action migrate: exit code 1");
}

TEST_F(GateTest, BlamesNoActionThatWasCutShortOrLostItsService) {
  actions_.push_back({.name = "migrate", .outcome = "interrupted", .succeeded = false});
  interrupted_ = true;
  EXPECT_EQ(decision().decision, Decision::inconclusive);
  interrupted_ = false;
  environment_failure_ = "service v2 died: killed by signal 9 (Killed)";
  EXPECT_EQ(decision().decision, Decision::inconclusive);
}

TEST_F(GateTest, NeverOpensWhenTheEnvironmentFailed) {
  environment_failure_ = "service v2 died: killed by signal 9 (Killed)";
  EXPECT_EQ(decision().decision, Decision::inconclusive);
  EXPECT_THAT(decision().deciding_rule, HasSubstr("service v2 died"));
}

TEST_F(GateTest, NeverOpensForAPartOfItsChecks) {
  partial_ = true;
  EXPECT_EQ(decision().decision, Decision::inconclusive);
}

TEST_F(GateTest, RequiresOnlyWhatItsRulesName) {
  checks_[1].outcome = Outcome::failed("14 answers differ");
  for (const char* rule : {"rows", "migration", "migration.*", "ro*"}) {
    phase_.require = {rule};
    EXPECT_EQ(decision().decision, Decision::go) << rule;
  }
  phase_.require = {"compat"};
  EXPECT_EQ(decision().decision, Decision::no_go);
}

TEST_F(GateTest, AsksForACheckInEveryStageThatNamesIt) {
  phase_.before = {"rows"};
  EXPECT_EQ(decision().decision, Decision::inconclusive);
  checks_.push_back(passed("rows"));
  checks_.back().stage = "before";
  EXPECT_EQ(decision().decision, Decision::go);
  checks_.back().outcome = Outcome::failed("1 row differs");
  EXPECT_EQ(decision().decision, Decision::no_go);
}

TEST_F(GateTest, DoesNotOpenWhenAnActionNeverRan) {
  phase_.enter = {"migrate"};
  EXPECT_EQ(decision().decision, Decision::inconclusive);
  EXPECT_EQ(decision().deciding_rule, "phase data: action migrate did not run");
}

TEST_F(GateTest, NeverOpensOnceTheRunWasInterrupted) {
  interrupted_ = true;
  EXPECT_EQ(decision().decision, Decision::inconclusive);
}

TEST_F(GateTest, DoesNotOpenWhenNothingWasRequired) {
  phase_.require = {"nothing-like-it"};
  EXPECT_EQ(decision().decision, Decision::inconclusive);
}

TEST_F(GateTest, PutsUpWithAnInconclusiveCheckThatThePlanAllowsAndSaysSo) {
  checks_[0].outcome = Outcome::inconclusive("too few samples");
  checks_[0].outcome.coverage = {{.unit = "rows", .examined = 10}};
  EXPECT_EQ(decision().decision, Decision::inconclusive);
  phase_.allow_inconclusive = {"rows"};
  const auto decided = decision();
  EXPECT_EQ(decided.decision, Decision::go);
  EXPECT_EQ(decided.deciding_rule,
            "phase data: 1 of 2 required checks passed; rows is inconclusive, but the plan's allow_inconclusive names "
            "it; it is no proof either way");
  EXPECT_EQ(decided.rules[0].observed, "inconclusive: too few samples; allowed");
  ASSERT_EQ(decided.concessions.size(), 1u);
  EXPECT_EQ(decided.concessions[0].verdict, Verdict::inconclusive);
  EXPECT_EQ(decided.concessions[0].findings, 0u);
}

TEST_F(GateTest, AllowsNoOtherCheckAndNoOtherVerdictToBeInconclusive) {
  phase_.allow_inconclusive = {"ro*", "replay"};
  checks_[0].outcome = Outcome::inconclusive("too few samples");
  checks_[0].outcome.coverage = {{.unit = "rows", .examined = 10}};
  EXPECT_EQ(decision().decision, Decision::inconclusive) << "the name is no glob";
  phase_.allow_inconclusive = {"rows"};
  checks_[0].outcome.verdict = Verdict::errored;
  EXPECT_EQ(decision().decision, Decision::inconclusive);
  checks_[0].outcome.verdict = Verdict::failed;
  EXPECT_EQ(decision().decision, Decision::no_go);
  checks_.erase(checks_.begin());
  EXPECT_EQ(decision().decision, Decision::inconclusive) << "it did not even run";
}

TEST_F(GateTest, AllowsNoBlindCheckToBeInconclusive) {
  phase_.allow_inconclusive = {"rows"};
  checks_[0].outcome.verdict = Verdict::inconclusive;
  checks_[0].outcome.control->caught = false;
  EXPECT_EQ(decision().decision, Decision::inconclusive);
  EXPECT_THAT(decision().deciding_rule, HasSubstr("but not to miss its control"));
  checks_[0].outcome.verdict = Verdict::passed;
  EXPECT_EQ(decision().decision, Decision::inconclusive);
}

TEST_F(GateTest, AllowsNoCheckToExamineNothing) {
  phase_.allow_inconclusive = {"rows"};
  checks_[0].outcome = Outcome::inconclusive("the corpus is empty");
  EXPECT_EQ(decision().decision, Decision::inconclusive);
  EXPECT_THAT(decision().deciding_rule, HasSubstr("but not to examine nothing"));
}

TEST_F(GateTest, WritesItsDecisionIntoThePhase) {
  checks_[0].outcome = Outcome::inconclusive("too few samples");
  checks_[0].outcome.coverage = {{.unit = "rows", .examined = 10}};
  phase_.allow_inconclusive = {"rows"};
  PhaseResult phase{.name = "data"};
  record(decision(), phase);
  EXPECT_EQ(phase.decision, Decision::go);
  EXPECT_THAT(phase.deciding_rule, HasSubstr("1 of 2 required checks passed"));
  EXPECT_EQ(phase.rules.size(), 2u);
  EXPECT_EQ(phase.concessions.size(), 1u);
}

}  // namespace
}  // namespace sluice::run
