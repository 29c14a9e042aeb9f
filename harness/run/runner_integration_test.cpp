#include "harness/run/runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <iterator>
#include <mutex>

#include "harness/core/errors.hpp"
#include "harness/plan/loader.hpp"
#include "harness/run/testing/scripted_run.hpp"
#include "harness/testing/check_context.hpp"

namespace sluice::run {
namespace {

using sluice::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::RunnerTest;

constexpr const char* two_phases = R"(
actions: { one: { command: [sh, -c, "echo one >> order"] }, two: { command: [sh, -c, "echo two >> order"] } }
checks: { a: { kind: test.scripted }, b: { kind: test.scripted } }
phases: [ { name: first, enter: [one], after: [a] }, { name: second, needs: [first], enter: [two], after: [b] } ]
)";

TEST_F(RunnerTest, RunsAllPhasesInOrderAndSaysGo) {
  const auto result = run(two_phases);
  EXPECT_EQ(result.decision, Decision::go);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(order(), "one\ntwo\n");
  EXPECT_EQ(result.deciding_rule, "all 2 phases passed their gates");
  EXPECT_TRUE(result.phases[0].checks[0].outcome.control->caught);
}

TEST_F(RunnerTest, EntersWhatAPhaseNeedsWithoutItsChecks) {
  const auto result = run(two_phases, {"second"});
  EXPECT_EQ(result.decision, Decision::go);
  EXPECT_EQ(order(), "one\ntwo\n");
  EXPECT_TRUE(result.phases[0].entered_only);
  EXPECT_TRUE(result.phases[0].checks.empty());
  EXPECT_EQ(result.not_run[0].name, "a");
}

TEST_F(RunnerTest, DoesNotEnterAPhaseBehindAClosedGate) {
  std::string text = two_phases;
  text.replace(text.find("a: { kind: test.scripted }"), 26, "a: { kind: test.scripted, verdict: failed }");
  const auto result = run(text);
  EXPECT_EQ(result.decision, Decision::no_go);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(order(), "one\n");
  EXPECT_THAT(result.not_run[0].why, HasSubstr("needs phase first, which is NO-GO"));
}

TEST_F(RunnerTest, StopsThePhaseAtAFailingActionAndShowsItsOutput) {
  const auto result = run(R"(
actions: { bad: { command: [sh, -c, "echo it broke; exit 3"] } }
checks: { a: { kind: test.scripted } }
phases: [ { name: p, enter: [bad], after: [a] } ]
)");
  EXPECT_EQ(result.decision, Decision::no_go);
  EXPECT_EQ(result.phases[0].actions[0].output_tail, "it broke");
  EXPECT_THAT(result.deciding_rule, HasSubstr("action bad: exit code 3"));
  EXPECT_EQ(result.not_run[0].why, "action bad failed");
}

TEST_F(RunnerTest, KillsAnActionThatTakesTooLong) {
  const auto result = run(R"(
actions: { slow: { command: [sleep, "1000"], timeout: 50ms } }
checks: { a: { kind: test.scripted } }
phases: [ { name: p, enter: [slow], after: [a] } ]
)");
  EXPECT_EQ(result.phases[0].actions[0].outcome, "timed out after 50 ms");
  EXPECT_EQ(result.decision, Decision::no_go);
}

TEST_F(RunnerTest, DoesNotTrustACheckWhoseControlWasMissed) {
  const auto result =
      run("checks: { a: { kind: test.scripted, caught: false } }\nphases: [ { name: p, after: [a] } ]\n");
  EXPECT_EQ(result.phases[0].checks[0].outcome.verdict, Verdict::inconclusive);
  EXPECT_EQ(result.exit_code, 4);
}

TEST_F(RunnerTest, TurnsAThrowingCheckIntoErrored) {
  const auto result = run("checks: { a: { kind: test.scripted, deed: throw } }\nphases: [ { name: p, after: [a] } ]\n");
  EXPECT_EQ(result.phases[0].checks[0].outcome.verdict, Verdict::errored);
  EXPECT_EQ(result.phases[0].checks[0].outcome.reason, "something broke");
  EXPECT_EQ(result.exit_code, 4);
}

TEST_F(RunnerTest, DoesNotEnterWhenACheckBeforeDidNotPass) {
  const auto result = run(R"(
actions: { one: { command: [sh, -c, "echo one >> order"] } }
checks: { a: { kind: test.scripted, verdict: inconclusive }, b: { kind: test.scripted } }
phases: [ { name: p, before: [a], enter: [one], after: [b] } ]
)");
  EXPECT_EQ(order(), "");
  EXPECT_EQ(result.decision, Decision::inconclusive);
}

TEST_F(RunnerTest, EndsWithExitCodeThreeWhenAServiceCannotStart) {
  const auto result = run(R"(
services: { broken: { kind: process, command: [sh, -c, "echo no luck; exit 1"] } }
checks: { a: { kind: test.scripted } }
phases: [ { name: p, after: [a] } ]
)");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.decision, Decision::inconclusive);
  EXPECT_THAT(result.deciding_rule, HasSubstr("service broken ended before it was ready (exit code 1)"));
  EXPECT_EQ(result.services[0].log_tail, "no luck");
  EXPECT_EQ(result.not_run[0].what, "phase");
}

constexpr const char* a_service = R"(
services:
  s: { kind: process, command: [sh, -c, "echo $$$$ > service.pid; echo listening; exec sleep 1000"], ready: { log: listening } }
)";

TEST_F(RunnerTest, MakesARunningCheckErroredWhenAServiceDies) {
  const auto result = run(std::string(a_service) + R"(
checks: { a: { kind: test.scripted, deed: kill }, b: { kind: test.scripted } }
phases: [ { name: p, after: [a, b] } ]
)");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_NE(result.decision, Decision::go);
  EXPECT_EQ(result.phases[0].checks[0].outcome.verdict, Verdict::errored);
  EXPECT_THAT(result.deciding_rule, HasSubstr("service s died"));
  EXPECT_EQ(result.services[0].state, "died");
  EXPECT_EQ(result.services[0].log_tail, "listening");
  EXPECT_EQ(result.not_run[0].name, "b");
}

TEST_F(RunnerTest, WakesAWaitingCheckWhenAServiceDies) {
  const auto result = run(std::string(a_service) + R"(
actions: { murder: { command: [sh, -c, "read p < service.pid; kill -9 $p"]
}
}
checks : {
a : {
kind:
  test.scripted, deed : wait
}
}
phases: [ { name: p, enter: [murder], during: [a] } ]
)");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.phases[0].checks.at(0).outcome.verdict, Verdict::errored);
}

TEST_F(RunnerTest, EndsTheChecksBesideAnActionThatFails) {
  const auto result = run(R"(
actions: { bad: { command: ["false"] } }
checks: { a: { kind: test.scripted, deed: wait } }
phases: [ { name: p, enter: [bad], during: [a] } ]
)");
  EXPECT_EQ(result.decision, Decision::no_go);
  EXPECT_EQ(result.phases[0].checks.at(0).outcome.verdict, Verdict::errored);
}

TEST_F(RunnerTest, RunsNothingOnceStopped) {
  std::stop_source stop;
  stop.request_stop();
  const auto result = run(two_phases, {}, stop.get_token());
  EXPECT_EQ(result.decision, Decision::inconclusive);
  EXPECT_EQ(order(), "");
  EXPECT_EQ(result.not_run[0].why, "the run was interrupted");
}

}  // namespace
}  // namespace sluice::run
