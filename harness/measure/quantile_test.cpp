#include "harness/measure/quantile.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace sluice::measure {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(Quantile, IsASampleAndNeverAMixtureOfTwo) {
  const std::vector<double> samples{1, 2, 3, 4};
  EXPECT_EQ(quantile(samples, 0.5), 2);
  EXPECT_EQ(quantile(samples, 0.51), 3);
  EXPECT_EQ(quantile(samples, 0), 1);
  EXPECT_EQ(quantile(samples, 1), 4);
}

TEST(Quantile, DoesNotStumbleOverBinaryFractions) {
  std::vector<double> samples(20);
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<double>(i + 1);
  EXPECT_EQ(quantile(samples, 0.95), 19);
}

TEST(Quantile, IsInfiniteWhereFailedRequestsReachDownToIt) {
  std::vector<double> samples(100, 5.0);
  samples[99] = infinity;
  EXPECT_EQ(quantile(samples, 0.99), 5);
  samples[98] = infinity;
  EXPECT_EQ(quantile(samples, 0.99), infinity);
}

TEST(Quantile, OfNothingIsNotANumber) { EXPECT_TRUE(std::isnan(quantile({}, 0.5))); }

TEST(Quantile, NeedsTheSamplesThatTheTextbookSays) {
  EXPECT_EQ(samples_needed_for_quantile(0.99, 0.95), 299u);
  EXPECT_EQ(samples_needed_for_quantile(0.95, 0.95), 59u);
  EXPECT_EQ(samples_needed_for_quantile(0.50, 0.95), 5u);
}

}  // namespace
}  // namespace sluice::measure
