// Differences that are none: the check must not cry wolf. A busy machine may make any of them inconclusive, which is
// what the verdict is for; failed is never right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <random>

#include "suites/load/testing/compare_fixture.hpp"
#include "suites/load/testing/halt.hpp"

namespace sluice::load::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AnyOf;
using ::testing::HasSubstr;

class CompareBenign : public CompareFixture {};

TEST_F(CompareBenign, TheSameServiceTwicePassesUnlessTheMachineIsTooNoisy) {
  const Outcome outcome = compare(thinking(), thinking());
  ASSERT_THAT(outcome.verdict, AnyOf(Verdict::passed, Verdict::inconclusive)) << outcome.reason;
  EXPECT_THAT(outcome.reason, HasSubstr("could detect"));
  EXPECT_TRUE(std::any_of(outcome.metrics.begin(), outcome.metrics.end(), [](const Metric& metric) {
    return metric.name == "p99_ratio" && metric.limit == 1.30 && metric.samples > 500;
  }));
  if (outcome.verdict != Verdict::passed) return;
  ASSERT_TRUE(outcome.control.has_value());
  EXPECT_TRUE(outcome.control->caught) << outcome.control->observed;
}

TEST_F(CompareBenign, AFasterNewSideDoesNotFail) {
  const Outcome outcome = compare(thinking(), thinking([](auto) { return 0.5; }));
  EXPECT_THAT(outcome.verdict, AnyOf(Verdict::passed, Verdict::inconclusive)) << outcome.reason;
}

TEST_F(CompareBenign, TheSameHeavyTailOnBothSidesDoesNotFail) {
  const auto heavy = [](std::uint64_t seed) {
    auto random = std::make_shared<std::mt19937_64>(seed);
    return thinking([random](auto) {
      const double unit = static_cast<double>((*random)() >> 11) * 0x1p-53;
      return std::min(20.0, 0.6 / std::sqrt(1 - unit));  // Pareto: some take twenty times as long
    });
  };
  const Outcome outcome = compare(heavy(1), heavy(2));
  EXPECT_NE(outcome.verdict, Verdict::failed) << outcome.reason;
}

// The process is halted, generator and servers alike, for longer than the time-out.
TEST_F(CompareBenign, AStandstillOfTheMachineIsNotLaidAtAServicesDoor) {
  const auto count = std::make_shared<std::atomic<int>>(0);
  const Outcome outcome = compare(thinking(), [count](const sluice::testing::ServedRequest&) {
    if (++*count == 300) halt_for(2600ms);
    return sluice::testing::ServedResponse{.body = "{}", .delay = 30ms};
  });
  EXPECT_THAT(outcome.verdict, AnyOf(Verdict::passed, Verdict::inconclusive)) << outcome.reason;
  const auto metric = [&](const std::string& name) {
    const auto found = std::find_if(outcome.metrics.begin(), outcome.metrics.end(),
                                    [&](const Metric& candidate) { return candidate.name == name; });
    return found == outcome.metrics.end() ? -1 : found->value;
  };
  EXPECT_EQ(metric("errors_old_share"), 0);
  EXPECT_EQ(metric("errors_new_share"), 0);
  EXPECT_GE(metric("pairs_set_aside"), 1);
}

TEST_F(CompareBenign, AnEmptyCorpusIsInconclusive) {
  folder_.write("empty.jsonl", "");
  const Outcome outcome = compare(thinking(), thinking(), {{"corpus", "empty.jsonl"}});
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(outcome.reason, HasSubstr("holds no request"));
}

}  // namespace
}  // namespace sluice::load::testing
