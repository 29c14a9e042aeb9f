#include "harness/run/runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

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

// Knows what the test says, and is asked for with these identities.
class ScriptedBook final : public EvidenceBook {
 public:
  explicit ScriptedBook(std::vector<std::string> known) : known_(std::move(known)) {}
  Answer look_up(const plan::Plan&, const plan::PhaseSpec& needed,
                 const std::vector<Identity>& identities) const override {
    EXPECT_EQ(identities.at(0).name, "plan");
    if (std::find(known_.begin(), known_.end(), needed.name) == known_.end())
      return {.evidence = std::nullopt, .why_not = "nobody knows " + needed.name};
    return {.evidence = Evidence{.phase = needed.name, .run_id = "run-of-" + needed.name}, .why_not = {}};
  }

 private:
  std::vector<std::string> known_;
};

// A port of this machine that takes connections: all that an external service must be.
class Listener {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    if (bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(socket_, 100) != 0 ||
        getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("cannot listen");
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { close(socket_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  std::string service() const {
    return "services: { v1: { kind: external, url: \"http://127.0.0.1:" + std::to_string(port_) + "\" } }\n";
  }

 private:
  int socket_;
  int port_ = 0;
};

constexpr const char* three_phases = R"(
actions: { one: { command: [sh, -c, "echo one >> order"] }, three: { command: [sh, -c, "echo three >> order"] } }
checks: { a: { kind: test.scripted } }
phases:
  - { name: first, enter: [one], after: [a] }
  - { name: second, needs: [first], after: [a] }
  - { name: third, needs: [second], enter: [three], after: [a] }
)";

TEST_F(RunnerTest, OpensAPhaseOnExternalServicesByEvidenceOfAllThatItNeeds) {
  const Listener up;
  const ScriptedBook book({"first", "second"});
  const auto result = run(up.service() + three_phases, {"third"}, {}, &book);
  EXPECT_EQ(result.decision, Decision::go) << result.deciding_rule;
  EXPECT_EQ(order(), "three\n") << "what it needs was entered";
  ASSERT_EQ(result.phases.size(), 1u);
  ASSERT_EQ(result.phases[0].evidence.size(), 2u);
  EXPECT_EQ(result.phases[0].evidence[0].run_id, "run-of-first");
  EXPECT_EQ(result.phases[0].evidence[1].phase, "second");
}

TEST_F(RunnerTest, KeepsAPhaseOnExternalServicesClosedWithoutEvidenceOfOneThatItNeeds) {
  const Listener up;
  const ScriptedBook book({"second"});
  for (const EvidenceBook* asked :
       {static_cast<const EvidenceBook*>(&book), static_cast<const EvidenceBook*>(nullptr)}) {
    const auto result = run(up.service() + three_phases, {"third"}, {}, asked);
    EXPECT_EQ(result.decision, Decision::inconclusive);
    EXPECT_EQ(result.exit_code, 4);
    EXPECT_TRUE(result.phases.empty());
    EXPECT_EQ(order(), "");
    EXPECT_THAT(result.deciding_rule, HasSubstr(asked != nullptr ? "nobody knows first"
                                                                 : "phase first, of which there "
                                                                   "is no evidence"));
  }
}

TEST_F(RunnerTest, TakesPhasesOfTheSameRunOnExternalServicesWithoutEvidence) {
  const Listener up;
  const ScriptedBook book({"first"});
  EXPECT_EQ(run(up.service() + three_phases).decision, Decision::go);
  const auto result = run(up.service() + three_phases, {"second", "third"}, {}, &book);
  EXPECT_EQ(result.decision, Decision::go) << result.deciding_rule;
  ASSERT_EQ(result.phases.size(), 2u);
  EXPECT_EQ(result.phases[0].evidence.size(), 1u);
  EXPECT_EQ(result.phases[1].evidence.size(), 1u) << "second was judged in this run";
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
  const auto& reason = result.phases[0].checks[0].outcome.reason;
  EXPECT_THAT(reason, HasSubstr("cannot see a planted violation here (a fault: …); without"));
  const auto silent = run(
      "checks: { a: { kind: test.scripted, caught: false, observed: \"\" } }\nphases: [ { name: p, after: [a] } ]\n");
  EXPECT_THAT(silent.phases[0].checks[0].outcome.reason, HasSubstr("here (a fault); without"));
}

TEST_F(RunnerTest, PointsAnActionAtOtherStoresForACheck) {
  ASSERT_EQ(setenv("SLUICE_TEST_INHERITED", "at /real/a.db", 1), 0);
  const auto result = run(R"(
actions:
  move:
    command: [sh, -c, 'echo "$0 $NEW $SLUICE_TEST_INHERITED" >> order', "sqlite:/real/a.db"]
    env: { NEW: "postgresql://u@db:5432/voice" }
checks: { c: { kind: test.scripted, deed: point move } }
phases: [{ name: a, after: [c] }]
)");
  unsetenv("SLUICE_TEST_INHERITED");
  EXPECT_EQ(result.decision, Decision::go) << result.phases[0].checks[0].outcome.reason;
  EXPECT_EQ(order(), "sqlite:/copy/a postgresql://u@127.0.0.1:99/voice at /copy/a\n");
}

TEST_F(RunnerTest, TellsACheckTheTimeoutOfAnActionWhereThePlanGivesOne) {
  run(R"(
actions: { slow: { command: ["true"], timeout: 5s }, usual: { command: ["true"] } }
checks: { a: { kind: test.scripted, deed: timeout slow }, b: { kind: test.scripted, deed: timeout usual } }
phases: [{ name: p, after: [a, b] }]
)");
  EXPECT_EQ(order(), "5.0 s a\nnone b\n");
}

TEST_F(RunnerTest, StartsNoActionForACheckThatWouldWorkOnTheRealStore) {
  const auto reason = [&](const std::string& command, const std::string& environment) {
    const auto result = run("actions: { move: { command: [sh, -c, 'echo ran >> order', " + command + "], env: { " +
                            environment + R"( } } }
checks: { c: { kind: test.scripted, deed: point move } }
phases: [{ name: a, after: [c] }]
)");
    EXPECT_EQ(result.phases[0].checks[0].outcome.verdict, Verdict::errored);
    return result.phases[0].checks[0].outcome.reason;
  };
  EXPECT_THAT(reason("/real/a.db", ""),
              HasSubstr("action move: neither its command nor its `env:` names the store new"));
  EXPECT_THAT(reason("'db:5432/voice'", ""), HasSubstr("names the store old"));
  EXPECT_THAT(reason("./a.db", "NEW: 'db:5432/voice', OLD: /real/a.db"), HasSubstr("looks like the store old"));
  EXPECT_EQ(order(), "");
}

TEST_F(RunnerTest, LetsNoCheckWriteToAForeignStoreThatThePlanDoesNotAllow) {
  const std::string plan = R"(
stores: { old: "sqlite:old.db", new: "postgresql://me:s3cret@192.0.2.1:5432/app" }
checks: { a: { kind: test.writing, deed: note } }
phases: [ { name: p, after: [a] } ]
)";
  const auto refused = run(plan);
  EXPECT_EQ(refused.decision, Decision::inconclusive);
  ASSERT_EQ(refused.phases.at(0).checks.size(), 1u);
  EXPECT_EQ(refused.phases[0].checks[0].outcome.verdict, Verdict::errored);
  EXPECT_THAT(refused.phases[0].checks[0].outcome.reason,
              AllOf(HasSubstr("the new store postgresql://me:***@192.0.2.1:5432/app is not on this machine"),
                    HasSubstr("add `allow_targets: [\"192.0.2.1\"]` to the plan")));
  EXPECT_EQ(order(), "") << "it was begun";
  EXPECT_EQ(run("allow_targets: [\"192.0.2.1\"]" + plan).decision, Decision::go);
  EXPECT_EQ(order(), "begin a\nend a\n");
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
