#include "harness/measure/ratio.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

namespace sluice::measure {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::array<double, 2> median_and_p99{0.5, 0.99};

std::vector<BlockPair> steady_pairs(std::size_t count, double factor) {
  std::vector<BlockPair> pairs(count);
  for (std::size_t pair = 0; pair < count; ++pair) {
    for (std::size_t i = 0; i < 50; ++i) {
      const double value = 10 + static_cast<double>((i * 7 + pair * 13) % 50) / 50;
      pairs[pair].old_side.push_back(value);
      pairs[pair].new_side.push_back(value * factor);
    }
  }
  return pairs;
}

TEST(RatioBootstrap, FindsTheRatioAndIsSureOfItInQuietData) {
  const auto estimates = bootstrap_log_ratios(steady_pairs(20, 1.2), median_and_p99, {});
  ASSERT_EQ(estimates.size(), 2u);
  for (const LogRatio& estimate : estimates) {
    EXPECT_NEAR(std::exp(estimate.log_ratio), 1.2, 0.01);
    EXPECT_EQ(estimate.samples_old, 1000u);
    EXPECT_EQ(judge_ratio(estimate, 1.10, 0.05, 0.05), RatioVerdict::fail);
    EXPECT_EQ(judge_ratio(estimate, 1.50, 0.05, 0.05), RatioVerdict::pass);
  }
}

TEST(RatioBootstrap, IsTheSameForTheSameSeed) {
  const auto pairs = steady_pairs(12, 1.1);
  const auto first = bootstrap_log_ratios(pairs, median_and_p99, {.seed = 4});
  const auto second = bootstrap_log_ratios(pairs, median_and_p99, {.seed = 4});
  EXPECT_EQ(first[1].standard_error, second[1].standard_error);
}

TEST(RatioBootstrap, KnowsNothingFromOnePairOrAnEmptySide) {
  auto pairs = steady_pairs(1, 1.0);
  EXPECT_EQ(judge_ratio(bootstrap_log_ratios(pairs, median_and_p99, {})[0], 100, 0.05, 0.05),
            RatioVerdict::inconclusive);
  pairs = steady_pairs(12, 1.0);
  for (BlockPair& pair : pairs) pair.new_side.clear();
  const auto estimates = bootstrap_log_ratios(pairs, median_and_p99, {});
  EXPECT_EQ(judge_ratio(estimates[0], 100, 0.05, 0.05), RatioVerdict::inconclusive);
  EXPECT_EQ(judge_ratio(bootstrap_log_ratios({}, median_and_p99, {})[0], 100, 0.05, 0.05), RatioVerdict::inconclusive);
}

TEST(RatioBootstrap, FailsWhenTheNewSideDoesNotAnswer) {
  auto pairs = steady_pairs(12, 1.0);
  for (BlockPair& pair : pairs) std::fill(pair.new_side.begin(), pair.new_side.begin() + 5, infinity);
  const auto estimates = bootstrap_log_ratios(pairs, median_and_p99, {.failed_as = 50'000});
  EXPECT_EQ(estimates[1].new_value, infinity);
  EXPECT_EQ(judge_ratio(estimates[1], 1.10, 0.05, 0.05), RatioVerdict::fail);
  EXPECT_NE(judge_ratio(estimates[1], 1e9, 0.05, 0.05), RatioVerdict::pass) << "no limit admits a failed request";
}

TEST(RatioBootstrap, CannotDivideByAnOldSideThatDoesNotAnswer) {
  auto pairs = steady_pairs(12, 1.0);
  for (BlockPair& pair : pairs) std::fill(pair.old_side.begin(), pair.old_side.begin() + 5, infinity);
  const auto estimates = bootstrap_log_ratios(pairs, median_and_p99, {});
  EXPECT_EQ(judge_ratio(estimates[1], 1.10, 0.05, 0.05), RatioVerdict::inconclusive);
}

TEST(RatioBootstrap, IsNotSureAfterOneStalledBlock) {
  auto pairs = steady_pairs(12, 1.0);
  for (double& value : pairs[3].new_side) value += 500;
  const auto estimates = bootstrap_log_ratios(pairs, median_and_p99, {});
  EXPECT_EQ(judge_ratio(estimates[1], 1.10, 0.05, 0.05), RatioVerdict::inconclusive);
}

TEST(RatioInterval, HoldsTheLimitExactlyWhenNeitherTestDecides) {
  LogRatio estimate{.q = 0.5, .old_value = 10, .new_value = 11, .log_ratio = std::log(1.1), .standard_error = 0.02};
  estimate.degrees = 9;
  for (const double limit : {1.03, 1.05, 1.1, 1.15, 1.2}) {
    const RatioInterval interval = ratio_interval(estimate, 0.05);
    const bool inside = interval.low < limit && limit < interval.high;
    EXPECT_EQ(judge_ratio(estimate, limit, 0.05, 0.05) == RatioVerdict::inconclusive, inside) << limit;
  }
}

TEST(DetectableRatio, GrowsWithTheNoiseAndStartsAtTheLimit) {
  LogRatio estimate{.old_value = 10, .new_value = 10, .log_ratio = 0, .standard_error = 0.01, .degrees = 10};
  const double quiet = detectable_ratio(estimate, 1.1, 0.05);
  estimate.standard_error = 0.1;
  EXPECT_GT(quiet, 1.1);
  EXPECT_GT(detectable_ratio(estimate, 1.1, 0.05), quiet);
  estimate.standard_error = infinity;
  EXPECT_EQ(detectable_ratio(estimate, 1.1, 0.05), infinity);
}

}  // namespace
}  // namespace sluice::measure
