#include "harness/run/measured_rule.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "harness/run/gate.hpp"

namespace sluice::run {
namespace {

using ::testing::HasSubstr;

/// A phase with one passed check, `latency`, whose p99_ratio is 1.05.
class MeasuredRule : public ::testing::Test {
 protected:
  MeasuredRule() {
    CheckResult check{.name = "latency", .phase = "cutover", .stage = "during"};
    check.outcome = Outcome::passed("as fast as before");
    check.outcome.coverage = {{.unit = "requests", .examined = 12'000}, {.unit = "routes", .examined = 3}};
    check.outcome.control = Control{.planted = "a delay", .caught = true, .observed = "seen"};
    check.outcome.metrics = {{.name = "p99_ratio", .value = 1.05, .unit = "ratio", .samples = 12'000},
                             {.name = "reconnects", .value = 0, .unit = "connections"}};
    phase_.checks = {check};
    phase_.policy.required = {{"latency", "during"}};
  }
  void limit(std::optional<double> at_least, std::optional<double> at_most, const std::string& metric = "p99_ratio") {
    phase_.policy.limits = {{"latency", metric, at_most, at_least}};
  }
  Metric& metric() { return phase_.checks[0].outcome.metrics[0]; }
  GateDecision decision() const { return decide(phase_, {}); }

  PhaseResult phase_{.name = "cutover"};
};

TEST_F(MeasuredRule, HoldsAMetricToItsLimits) {
  limit({}, 1.10);
  EXPECT_EQ(decision().decision, Decision::go);
  metric().value = 1.104;
  EXPECT_EQ(decision().decision, Decision::no_go);
  EXPECT_EQ(decision().deciding_rule, "phase cutover: p99_ratio of latency is 1.104; at most 1.1 opens the gate");
  limit(1.2, {});
  EXPECT_EQ(decision().deciding_rule, "phase cutover: p99_ratio of latency is 1.104; at least 1.2 opens the gate");
  limit(1.0, 1.2);
  EXPECT_EQ(decision().decision, Decision::go);
  EXPECT_EQ(decision().rules.back().limit, "from 1 to 1.2");
}

TEST_F(MeasuredRule, TakesTheBoundItselfAsInside) {
  metric() = {.name = "p99_ratio", .value = 75, .unit = "ms", .samples = 10};
  limit({}, 75);
  EXPECT_EQ(decision().decision, Decision::go);
  EXPECT_EQ(decision().rules.back().observed, "75 ms");
  EXPECT_EQ(decision().rules.back().limit, "at most 75");
  limit(75, {});
  EXPECT_EQ(decision().decision, Decision::go);
}

TEST_F(MeasuredRule, NeverShowsTwoNumbersAlikeThatDiffer) {
  metric().value = std::nextafter(75.0, 76.0);
  limit({}, 75);
  EXPECT_EQ(decision().decision, Decision::no_go);
  EXPECT_EQ(decision().rules.back().observed, "75.00000000000001");
  EXPECT_EQ(distinct_number(1.10004, {1.1}), "1.10004");
  EXPECT_EQ(distinct_number(1.14996, {1.14998}), "1.14996") << "1.15 would be on the wrong side";
  EXPECT_EQ(distinct_number(1.123456, {2}), "1.123");
  EXPECT_EQ(distinct_number(20'001, {25'000}), "20001");
  EXPECT_EQ(distinct_number(0.1 + 0.2, {0.3}), "0.30000000000000004");
  EXPECT_EQ(distinct_number(1.1, {1.1}), "1.1");
}

TEST_F(MeasuredRule, ShowsTheIntervalBesideTheNumber) {
  metric().interval = Interval{1.01, 1.19, 0.95};
  limit({}, 1.10);
  EXPECT_EQ(decision().rules.back().observed, "1.05 (95% interval 1.01 to 1.19)");
  EXPECT_EQ(decision().rules.back().samples, 12'000u);
}

TEST_F(MeasuredRule, IsUndecidedOnAMetricThatIsNotThere) {
  limit({}, 1.10, "p9_ratio");
  EXPECT_EQ(decision().decision, Decision::inconclusive);
  EXPECT_EQ(decision().deciding_rule,
            "phase cutover: p9_ratio of latency cannot be judged: no such metric was measured; it has p99_ratio, "
            "reconnects");
}

TEST_F(MeasuredRule, IsUndecidedOnWhatIsNoNumber) {
  limit({}, 1.10);
  for (const double value :
       {std::nan(""), std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()}) {
    metric().value = value;
    EXPECT_EQ(decision().decision, Decision::inconclusive) << value;
  }
}

TEST_F(MeasuredRule, IsUndecidedOnAMeasurementOfNothing) {
  metric().samples = 0;
  limit({}, 1.10);
  EXPECT_EQ(decision().decision, Decision::inconclusive);
  EXPECT_THAT(decision().deciding_rule, HasSubstr("it was measured on no sample"));
  limit({}, 0, "reconnects");
  EXPECT_EQ(decision().decision, Decision::go) << "a count rests on no samples";
}

TEST_F(MeasuredRule, IsUndecidedOnALimitWithoutABound) {
  limit({}, {});
  EXPECT_EQ(decision().decision, Decision::inconclusive);
  limit({}, std::nan(""));
  EXPECT_EQ(decision().decision, Decision::inconclusive);
}

TEST_F(MeasuredRule, TrustsNoNumberOfAnErroredCheck) {
  limit({}, 1.0);
  phase_.checks[0].outcome.verdict = Verdict::errored;
  EXPECT_EQ(decision().decision, Decision::inconclusive);
}

TEST_F(MeasuredRule, LooksAtEveryMetricOfTheName) {
  limit({}, 1.10);
  phase_.checks[0].outcome.metrics.push_back({.name = "p99_ratio", .value = 2, .unit = "ratio", .samples = 1});
  EXPECT_EQ(decision().decision, Decision::no_go);
}

TEST_F(MeasuredRule, IsUndecidedWhereItsCheckDidNotRun) {
  limit({}, 1.10);
  phase_.policy.coverage = {{"latency", 1}};
  phase_.checks.clear();
  const auto rules = decision().rules;
  ASSERT_EQ(rules.size(), 3u);
  for (const auto& rule : rules) EXPECT_EQ(rule.decision, Decision::inconclusive) << rule.rule;
}

TEST_F(MeasuredRule, AsksForALimitAtEveryStageOfItsCheck) {
  limit({}, 1.10);
  phase_.policy.required.push_back({"latency", "after"});
  CheckResult after = phase_.checks[0];
  after.stage = "after";
  after.outcome.metrics[0].value = 1.5;
  phase_.checks.push_back(after);
  EXPECT_EQ(decision().deciding_rule, "phase cutover: p99_ratio of latency (after) is 1.5; at most 1.1 opens the gate");
}

TEST_F(MeasuredRule, WantsItsMinimumExamined) {
  phase_.policy.coverage = {{"latency", 12'000}};
  EXPECT_EQ(decision().decision, Decision::go);
  phase_.policy.coverage = {{"latency", 12'001}};
  EXPECT_EQ(decision().decision, Decision::inconclusive);
  EXPECT_EQ(decision().deciding_rule, "phase cutover: latency examined 12000 requests; the gate wants at least 12001");
  EXPECT_EQ(decision().rules.back().observed, "12000 requests");
  EXPECT_EQ(decision().rules.back().limit, "at least 12001 requests");
}

}  // namespace
}  // namespace sluice::run
