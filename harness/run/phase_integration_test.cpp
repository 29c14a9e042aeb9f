#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "harness/core/process_stat.hpp"
#include "harness/run/testing/scripted_run.hpp"

namespace sluice::run {
namespace {

using std::chrono::nanoseconds;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class PhaseTest : public testing::RunnerTest {
 protected:
  PhaseTest() { mkfifo((folder_.path() / "meeting").c_str(), 0600); }
  std::string file(const char* name) const {
    std::ifstream stream(folder_.path() / name);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
};

TEST_F(PhaseTest, RunsDuringChecksBesideTheActionsAndSaysHowLong) {
  const auto result = run(R"(
actions: { step: { command: [sh, -c, "echo go > meeting"], timeout: 20s } }
checks: { a: { kind: test.scripted, deed: hear meeting } }
phases: [ { name: p, enter: [step], during: [a] } ]
)");
  EXPECT_EQ(result.decision, Decision::go) << result.deciding_rule;
  const auto& check = result.phases[0].checks[0];
  EXPECT_GT(check.overlapped, nanoseconds(0));
  EXPECT_LE(check.overlapped, result.phases[0].actions[0].duration);
  EXPECT_LE(check.overlapped, check.duration);
}

TEST_F(PhaseTest, TellsDuringChecksOfEachActionAndWaitsForThem) {
  const auto result = run(R"(
actions: { step: { command: [sh, -c, "echo step >> order"] }, next: { command: [sh, -c, "echo next >> order"] } }
checks: { a: { kind: test.scripted, deed: follow } }
phases: [ { name: p, enter: [step, next], during: [a] } ]
)");
  EXPECT_EQ(result.decision, Decision::go) << result.deciding_rule;
  EXPECT_EQ(order(), "before step: a\nstep\nafter step: a\nbefore next: a\nnext\nafter next: a\n");
}

TEST_F(PhaseTest, EndsDuringChecksThatFollowActionsWhichFail) {
  const auto result = run(R"(
actions: { bad: { command: ["false"] } }
checks: { a: { kind: test.scripted, deed: follow } }
phases: [ { name: p, enter: [bad], during: [a] } ]
)");
  EXPECT_EQ(result.decision, Decision::no_go);
  EXPECT_EQ(result.phases[0].checks[0].outcome.verdict, Verdict::errored);
}

TEST_F(PhaseTest, SaysWhatAnActionLeavesRunningAndEndsItWithTheRun) {
  daemons_ = 1;
  const auto result = run(R"(
actions:
  step:
    command:
      - sh
      - -c
      - "sleep 300 & echo $$! > stayed; setsid -f sh -c 'echo $$$$ > left; exec sleep 300'; env -i setsid -f sh -c 'echo $$$$ > cleared; exec sleep 300'; until [ -s left ] && [ -s cleared ]; do :; done"
  next: { command: ["true"] }
checks: { a: { kind: test.scripted } }
phases: [ { name: p, enter: [step, next], after: [a] } ]
)");
  EXPECT_EQ(result.decision, Decision::go) << result.deciding_rule;
  const auto& actions = result.phases[0].actions;
  ASSERT_EQ(actions.size(), 2u);
  ASSERT_TRUE(actions[0].left_running);
  const auto says = [&](const char* process, const char* fate) {
    return ContainsRegex(fmt::format(R"((sh|sleep) \({}\){})", std::stoi(file(process)), fate));
  };
  EXPECT_THAT(*actions[0].left_running, says("left", "[^;]* until the end of the run"));
  EXPECT_THAT(*actions[0].left_running, says("cleared", "[^;]* until the end of the run"));
  EXPECT_THAT(*actions[0].left_running, says("stayed", ", ended by sluice with the action"));
  EXPECT_EQ(actions[1].left_running, std::nullopt);
  for (const char* gone : {"left", "cleared", "stayed"}) EXPECT_FALSE(read_process_stat(std::stoi(file(gone)))) << gone;
}

TEST_F(PhaseTest, GrantsChildrenThatAreJustEndingAMoment) {
  const auto result = run(R"(
actions: { step: { command: [sh, -c, "while [ -d /proc/$$$$ ]; do :; done &"] } }
checks: { a: { kind: test.scripted } }
phases: [ { name: p, enter: [step], after: [a] } ]
)");
  EXPECT_EQ(result.decision, Decision::go) << result.deciding_rule;
  EXPECT_EQ(result.phases[0].actions[0].left_running, std::nullopt);
}

TEST_F(PhaseTest, RunsEveryDuringCheckAtOnce) {
  mkfifo((folder_.path() / "second").c_str(), 0600);
  const auto result = run(R"(
actions: { step: { command: [sh, -c, "read -r word < second"], timeout: 20s } }
checks: { a: { kind: test.scripted, deed: hear meeting }, b: { kind: test.scripted, deed: say meeting },
          c: { kind: test.scripted, deed: say second } }
phases: [ { name: p, enter: [step], during: [a, b, c], gate: { require: c } } ]
)");
  EXPECT_EQ(result.decision, Decision::go) << result.deciding_rule;
  EXPECT_EQ(result.phases[0].checks.size(), 3u);
}

// Says into a FIFO that a check is over.
class Herald final : public RunObserver {
 public:
  Herald(std::string check, std::filesystem::path fifo) : check_(std::move(check)), fifo_(std::move(fifo)) {}
  void check_finished(const CheckResult& result) override {
    if (result.name == check_) std::ofstream(fifo_) << "over\n";
  }

 private:
  std::string check_;
  std::filesystem::path fifo_;
};

// The actions wait until b has begun, and b until a is over.
TEST_F(PhaseTest, DoesNotPassADuringCheckThatSawNothingOfTheActions) {
  Herald herald("a", folder_.path() / "meeting");
  observer_ = &herald;
  mkfifo((folder_.path() / "second").c_str(), 0600);
  const auto result = run(R"(
actions: { step: { command: [sh, -c, "echo go > second"], timeout: 20s } }
checks: { a: { kind: test.scripted }, b: { kind: test.scripted, deed: await meeting },
          c: { kind: test.scripted, deed: hear second } }
phases: [ { name: p, enter: [step], during: [a, b, c], gate: { require: [a, c] } } ]
)");
  const auto& checks = result.phases[0].checks;
  ASSERT_EQ(checks.size(), 3u);
  EXPECT_EQ(checks[0].overlapped, nanoseconds(0));
  EXPECT_EQ(checks[0].outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(checks[0].outcome.reason, HasSubstr("over before the actions"));
  EXPECT_EQ(checks[2].outcome.verdict, Verdict::passed);
  EXPECT_EQ(result.decision, Decision::inconclusive);
}

TEST_F(PhaseTest, RunsChecksSideBySideWhereThePlanSaysSo) {
  const auto result = run(R"(
checks: { a: { kind: test.scripted, deed: hear meeting }, b: { kind: test.scripted, deed: say meeting } }
phases: [ { name: p, after: [a, b], parallel: true } ]
)");
  EXPECT_EQ(result.decision, Decision::go) << result.deciding_rule;
  EXPECT_EQ(result.phases[0].checks[0].name, "a");
  EXPECT_EQ(result.phases[0].checks[1].name, "b");
}

TEST_F(PhaseTest, RunsChecksOneByOneOtherwise) {
  run(R"(
checks: { a: { kind: test.scripted, deed: note }, b: { kind: test.scripted, deed: note } }
phases: [ { name: p, after: [a, b] } ]
)");
  EXPECT_EQ(order(), "begin a\nend a\nbegin b\nend b\n");
}

TEST_F(PhaseTest, NeverRunsACheckThatMustBeAloneBesideAnother) {
  const auto result = run(R"(
checks: { a: { kind: test.scripted, deed: note }, load: { kind: test.alone, deed: note },
          b: { kind: test.scripted, deed: note } }
phases: [ { name: p, before: [a, load, b], parallel: true } ]
)");
  EXPECT_EQ(result.decision, Decision::go);
  EXPECT_EQ(order(), "begin a\nend a\nbegin load\nend load\nbegin b\nend b\n");
}

constexpr const char* bad_phase = R"(
actions: { step: { command: [sh, -c, "echo step >> order"] }, back: { command: [sh, -c, "echo back >> order"] } }
checks: { a: { kind: test.scripted, verdict: failed } }
)";

TEST_F(PhaseTest, TakesANoGoPhaseBackWhenAskedTo) {
  options_.rollback_on_no_go = true;
  const auto result = run(std::string(bad_phase) +
                          "phases: [ { name: p, enter: [step], after: [a], rollback: { action: back, within: 1h } } ]");
  EXPECT_EQ(order(), "step\nback\n");
  EXPECT_EQ(result.exit_code, 1);
  ASSERT_TRUE(result.phases[0].rollback);
  EXPECT_TRUE(result.phases[0].rollback->succeeded);
  EXPECT_EQ(result.phases[0].rollback->within, std::chrono::hours(1));
  EXPECT_TRUE(result.not_run.empty());
}

TEST_F(PhaseTest, SaysWhenARollbackMissedItsWindow) {
  options_.rollback_on_no_go = true;
  const auto result =
      run(std::string(bad_phase) +
          "phases: [ { name: p, enter: [step], after: [a], rollback: { action: back, within: 1ms } } ]");
  ASSERT_TRUE(result.phases[0].rollback);
  EXPECT_FALSE(result.phases[0].rollback->succeeded);
  EXPECT_THAT(result.phases[0].rollback->outcome, HasSubstr("its window is 1 ms"));
}

TEST_F(PhaseTest, TakesNothingBackUnasked) {
  const auto result =
      run(std::string(bad_phase) + "phases: [ { name: p, enter: [step], after: [a], rollback: back } ]");
  EXPECT_EQ(order(), "step\n");
  EXPECT_FALSE(result.phases[0].rollback);
  ASSERT_EQ(result.not_run.size(), 1u);
  EXPECT_THAT(result.not_run[0].why, HasSubstr("--rollback-on-no-go"));
}

TEST_F(PhaseTest, TakesNoGoodPhaseBack) {
  options_.rollback_on_no_go = true;
  const auto result = run(R"(
actions: { step: { command: [sh, -c, "echo step >> order"] }, back: { command: [sh, -c, "echo back >> order"] } }
checks: { a: { kind: test.scripted } }
phases: [ { name: p, enter: [step], after: [a], rollback: back } ]
)");
  EXPECT_EQ(result.decision, Decision::go);
  EXPECT_EQ(order(), "step\n");
}

constexpr const char* a_service = R"(
services:
  s:
    kind: process
    command: [sh, -c, "trap 'echo heard >> order' USR1; echo up >> order; echo listening; while :; do sleep 1000 & wait; done"]
    ready: { log: listening }
)";

TEST_F(PhaseTest, RestartsAService) {
  const auto result = run(std::string(a_service) + R"(
actions: { again: { restart: s } }
checks: { a: { kind: test.scripted } }
phases: [ { name: p, enter: [again], after: [a] } ]
)");
  EXPECT_EQ(result.decision, Decision::go) << result.deciding_rule;
  EXPECT_EQ(order(), "up\nup\n");
  EXPECT_EQ(result.phases[0].actions[0].command, "restart s");
  EXPECT_EQ(result.phases[0].actions[0].outcome, "ready again");
}

TEST_F(PhaseTest, DoesNotMissAServiceThatItStopped) {
  const auto result = run(std::string(a_service) + R"(
actions: { retire: { stop: s } }
checks: { a: { kind: test.scripted }, b: { kind: test.scripted, verdict: inconclusive } }
phases: [ { name: p, enter: [retire], after: [a, b], gate: { require: a } } ]
)");
  EXPECT_EQ(result.decision, Decision::go) << result.deciding_rule;
  EXPECT_EQ(result.services[0].state, "stopped");
}

TEST_F(PhaseTest, SendsASignalToAService) {
  const auto result = run(std::string(a_service) + R"(
actions: { nudge: { signal: { service: s, name: SIGUSR1 } }, see: { command: [sh, -c, "until grep -q heard order; do :; done"], timeout: 20s } }
checks: { a: { kind: test.scripted } }
phases: [ { name: p, enter: [nudge, see], after: [a] } ]
)");
  EXPECT_EQ(result.decision, Decision::go) << result.deciding_rule;
  EXPECT_EQ(result.phases[0].actions[0].command, "signal s SIGUSR1");
}

TEST_F(PhaseTest, ClosesTheGateWhenAServiceDoesNotComeBack) {
  const auto result = run(R"(
services:
  s: { kind: process, command: [sh, -c, "test ! -e once || exit 7; touch once; echo listening; exec sleep 1000"], ready: { log: listening } }
actions: { again: { restart: s } }
checks: { a: { kind: test.scripted } }
phases: [ { name: p, enter: [again], after: [a] } ]
)");
  EXPECT_EQ(result.exit_code, 3);  // a service failed, which says nothing about the data
  EXPECT_NE(result.decision, Decision::go);
  EXPECT_THAT(result.deciding_rule, HasSubstr("service s ended before it was ready (exit code 7)"));
  EXPECT_FALSE(result.phases[0].actions[0].succeeded);
}

}  // namespace
}  // namespace sluice::run
