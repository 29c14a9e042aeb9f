#include "suites/migration/queries/status_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::migration {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t second = 1'000'000;

Step completed(const std::string& name) {
  return {.name = name,
          .status = "completed",
          .completed = true,
          .error = std::nullopt,
          .started = StepTime{"100", 100 * second},
          .finished = StepTime{"110", 110 * second}};
}

const StepRules rules{.has_started = true,
                      .has_finished = true,
                      .expected = {},
                      .now = 200 * second,
                      .tolerance = 5 * second,
                      .not_before = std::nullopt};

std::vector<std::string> rules_broken(const Step& step, const StepRules& with = rules) {
  std::vector<std::string> names;
  for (const auto& problem : judge_steps({step}, with)) names.push_back(problem.rule);
  return names;
}

TEST(StatusRules, AcceptAStepThatEndedWell) { EXPECT_THAT(rules_broken(completed("a")), IsEmpty()); }

TEST(StatusRules, NameWhatAStepLacks) {
  Step step = completed("a");
  step.completed = false;
  EXPECT_THAT(rules_broken(step), ElementsAre("step-not-completed"));
  step.failed = true;
  step.error = "disk full";
  EXPECT_THAT(rules_broken(step), ElementsAre("step-failed", "error-recorded"));
  step = completed("a");
  step.started.reset();
  step.finished.reset();
  EXPECT_THAT(rules_broken(step), ElementsAre("start-missing", "finish-missing"));
}

TEST(StatusRules, DistrustTimesThatCannotBe) {
  Step step = completed("a");
  step.finished = StepTime{"90", 90 * second};
  EXPECT_THAT(rules_broken(step), ElementsAre("times-reversed"));
  step.finished = StepTime{"205", 205 * second};
  EXPECT_THAT(rules_broken(step), IsEmpty());
  step.finished = StepTime{"206", 206 * second};
  EXPECT_THAT(rules_broken(step), ElementsAre("time-in-future"));
  step.finished = StepTime{"soon", std::nullopt};
  EXPECT_THAT(rules_broken(step), ElementsAre("time-unreadable"));
}

TEST(StatusRules, KnowStepsOfAnEarlierRun) {
  StepRules now = rules;
  now.not_before = 105 * second;
  EXPECT_THAT(rules_broken(completed("a"), now), IsEmpty());
  now.not_before = 106 * second;
  EXPECT_THAT(rules_broken(completed("a"), now), ElementsAre("time-before-run"));
}

TEST(StatusRules, MissExpectedSteps) {
  StepRules with = rules;
  with.expected = {"a", "b"};
  EXPECT_THAT(rules_broken(completed("a"), with), ElementsAre("step-missing"));
  EXPECT_TRUE(may_still_complete({completed("a")}, with));
  EXPECT_FALSE(may_still_complete({completed("a"), completed("b")}, with));
}

TEST(StatusRules, WaitForWhatMayStillComplete) {
  EXPECT_TRUE(may_still_complete({}, rules));
  Step step = completed("a");
  step.completed = false;
  EXPECT_TRUE(may_still_complete({step, completed("b")}, rules));
  step.failed = true;
  EXPECT_FALSE(may_still_complete({step, completed("b")}, rules));
}

}  // namespace
}  // namespace sluice::migration
