#include "harness/run/ledger/weakening.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/run/ledger/testing/sample_runs.hpp"
#include "harness/testing/check_context.hpp"

namespace sluice::ledger {
namespace {

using ::sluice::testing::TemporaryFolder;
using ::testing::ElementsAre;
using testing::go_run;
using ::testing::IsEmpty;

// One number of each strictness, and a map whose values have one.
plan::Plan plan_of(const std::string& kind) {
  plan::Plan plan;
  CheckKind check{.name = kind, .proves = "", .cannot_prove = ""};
  check.parameters = {
      {.name = "users", .type = ParameterType::integer, .doc = "", .strictness = Strictness::higher_is_stricter},
      {.name = "errors_max", .type = ParameterType::number, .doc = "", .strictness = Strictness::lower_is_stricter},
      {.name = "sample", .type = ParameterType::integer, .doc = ""},
      {.name = "side", .doc = ""},
      {.name = "limit",
       .type = ParameterType::record,
       .doc = "",
       .fields =
           {{.name = "p99", .type = ParameterType::duration, .doc = "", .strictness = Strictness::lower_is_stricter}}},
      {.name = "numbers",
       .type = ParameterType::map,
       .doc = "",
       .item = {{.name = "epsilon",
                 .type = ParameterType::number,
                 .doc = "",
                 .strictness = Strictness::lower_is_stricter}}}};
  plan.checks = {{.name = "same", .kind = check}};
  return plan;
}

class WeakeningTest : public ::testing::Test {
 protected:
  WeakeningTest() {
    then_.policy = now_.policy;
    then_.checks = {{"same", "migration.rows", "after", now_.checks[0].parameters}};
  }
  // "rule: was -> now"
  std::vector<std::string> found() const {
    std::vector<std::string> lines;
    for (const auto& entry : weakened_since(then_, now_, plan_of("migration.rows"))) {
      EXPECT_EQ(entry.phase, "data");
      lines.push_back(entry.rule + ": " + entry.was + " -> " + entry.now);
    }
    return lines;
  }
  std::vector<std::string> found(const std::string& was, const std::string& now) {
    then_.checks[0].parameters = was;
    now_.checks[0].parameters = now;
    return found();
  }

  PhaseResult now_ = go_run().phases[0];
  RecordedPhase then_;
};

TEST_F(WeakeningTest, ListsNothingWhereAllIsAsItWas) { EXPECT_THAT(found(), IsEmpty()); }

TEST_F(WeakeningTest, ListsACheckOrActionThatIsNoLongerRequired) {
  now_.policy.required = {{"same", "before"}};
  now_.policy.actions.clear();
  EXPECT_THAT(found(), ElementsAre("require same after: required -> gone", "action migrate: must succeed -> gone"));
}

TEST_F(WeakeningTest, ListsCoverageThatIsLowerOrGone) {
  now_.policy.coverage[0].examined = 9;
  EXPECT_THAT(found(), ElementsAre("coverage of same: 10 -> 9"));
  now_.policy.coverage.clear();
  EXPECT_THAT(found(), ElementsAre("coverage of same: 10 -> gone"));
  now_.policy.coverage = {{"same", 11}};
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(WeakeningTest, ListsLimitsThatAreLooserOrGone) {
  now_.policy.limits[0].at_most = 1.2;
  EXPECT_THAT(found(), ElementsAre("p99_ratio of same: at most 1.1 -> at most 1.2"));
  now_.policy.limits[0].at_most = 1.05;
  EXPECT_THAT(found(), IsEmpty());
  then_.policy.limits[0].at_least = 0.5;
  now_.policy.limits[0].at_least = 0.4;
  EXPECT_THAT(found(), ElementsAre("p99_ratio of same: at least 0.5 -> at least 0.4"));
  now_.policy.limits.clear();
  EXPECT_THAT(found(),
              ElementsAre("p99_ratio of same: at most 1.1 -> gone", "p99_ratio of same: at least 0.5 -> gone"));
}

TEST_F(WeakeningTest, ListsChecksThatMayNowBeInconclusiveAndControlsThatAreOff) {
  now_.policy.allow_inconclusive = {"same"};
  now_.policy.controls = false;
  EXPECT_THAT(found(),
              ElementsAre("controls: on -> off", "allow_inconclusive same: must conclude -> may be inconclusive"));
}

TEST_F(WeakeningTest, ListsWaiversThatAreNewWiderOrLonger) {
  const Waiver waiver{.check = "same",
                      .rule = "row-*",
                      .where = {{"table", "t"}},
                      .owner = "Ana",
                      .reason = "known",
                      .expires = "2026-12-31"};
  now_.policy.waivers = {waiver};
  EXPECT_THAT(found(), ElementsAre("waiver of row-* in same, table t: no waiver -> until 2026-12-31, by Ana"));
  then_.policy.waivers = {waiver};
  EXPECT_THAT(found(), IsEmpty());
  now_.policy.waivers[0].expires = "2026-12-30";
  EXPECT_THAT(found(), IsEmpty());
  now_.policy.waivers[0].expires = "2027-01-01";
  EXPECT_THAT(found(), ElementsAre("waiver of row-* in same, table t: until 2026-12-31 -> until 2027-01-01, by Ana"));
  now_.policy.waivers[0] = waiver;
  now_.policy.waivers[0].where.clear();
  now_.policy.waivers[0].severity_ack = "critical";
  EXPECT_THAT(found(), ElementsAre("waiver of row-* in same (critical too): no waiver -> until 2026-12-31, by Ana"));
}

TEST_F(WeakeningTest, KnowsWhichParametersGotStricter) {
  EXPECT_THAT(found(R"({"users":20,"errors_max":0.01})", R"({"users":21,"errors_max":0.009})"), IsEmpty());
  EXPECT_THAT(found(R"({"users":20,"errors_max":0.01})", R"({"users":19,"errors_max":0.02})"),
              ElementsAre("errors_max of same: 0.01 -> 0.02", "users of same: 20 -> 19"));
}

TEST_F(WeakeningTest, ListsAsChangedWhatNobodyKnows) {
  EXPECT_THAT(found(R"({"sample":20,"side":"both"})", R"({"sample":30,"side":"new","more":[1]})"),
              ElementsAre("more of same (changed): not set -> [1]", "sample of same (changed): 20 -> 30",
                          "side of same (changed): \"both\" -> \"new\""));
  EXPECT_THAT(found("no JSON", "{}"), ElementsAre("parameters of same (changed): no JSON -> {}"));
}

TEST_F(WeakeningTest, LooksIntoRecordsAndMaps) {
  EXPECT_THAT(found(R"({"limit":{"p99":1000000000}})", R"({"limit":{"p99":2000000000}})"),
              ElementsAre("limit.p99 of same: 1.0 s -> 2.0 s"));
  EXPECT_THAT(found(R"({"limit":{"p99":1000000000}})", R"({"limit":{}})"),
              ElementsAre("limit.p99 of same: 1.0 s -> gone"));
  EXPECT_THAT(found(R"({"numbers":{"/a":0.1}})", R"({"numbers":{"/a":0.05,"/b":9}})"),
              ElementsAre("numbers./b of same (changed): not set -> 9"));
}

TEST_F(WeakeningTest, ListsACheckOfAnotherKind) {
  then_.checks[0].kind = "compat.replay";
  EXPECT_THAT(found(), ElementsAre("kind of same (changed): compat.replay -> migration.rows"));
}

TEST(Weakened, ComparesWithTheLastGoOfTheLedger) {
  const TemporaryFolder folder;
  testing::SetClock clock;
  const auto path = folder.path() / "ledger.db";
  RunResult run = go_run();
  run.phases[0].policy.coverage[0].examined = 50;
  append(path, run, clock);
  run.phases[0].policy.coverage[0].examined = 30;
  append(path, run, clock);
  run.phases[0].policy.coverage[0].examined = 99;
  run.phases[0].decision = Decision::no_go;
  append(path, run, clock);
  run.phases[0].decision = Decision::go;
  run.phases[0].partial = true;
  append(path, run, clock);
  const auto found = weakened(read_history(path), go_run(), plan_of("migration.rows"));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].was, "30");
  EXPECT_EQ(found[0].now, "10");
}

}  // namespace
}  // namespace sluice::ledger
