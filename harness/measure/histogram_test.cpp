#include "harness/measure/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "harness/measure/arrival.hpp"
#include "harness/measure/quantile.hpp"

namespace sluice::measure {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(LogHistogram, KeepsEveryQuantileWithinItsError) {
  std::mt19937_64 random(11);
  LogHistogram histogram(0.001, 60'000, 0.01);
  std::vector<double> samples;
  for (int i = 0; i < 20'000; ++i) {
    samples.push_back(std::exp(8 * unit_random(random) - 4));
    histogram.record(samples.back());
  }
  std::sort(samples.begin(), samples.end());
  for (const double q : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const double exact = quantile(samples, q);
    EXPECT_NEAR(histogram.quantile(q), exact, exact * 0.0101) << q;
  }
}

TEST(LogHistogram, DoesNotGrowWhateverIsRecorded) {
  LogHistogram histogram(0.001, 60'000, 0.02);
  const std::size_t before = histogram.bucket_limit();
  for (const double value : {0.0, -1.0, 1e-300, 1e300, infinity, 5.0}) histogram.record(value);
  EXPECT_EQ(histogram.bucket_limit(), before);
  EXPECT_LT(before, 1000u);
  EXPECT_EQ(histogram.count(), 6u);
  EXPECT_EQ(histogram.infinite(), 1u);
  EXPECT_EQ(histogram.quantile(1), infinity);
}

TEST(LogHistogram, AddsUpToTheSameAsRecordingInOne) {
  LogHistogram one(0.1, 1000, 0.01), two(0.1, 1000, 0.01), both(0.1, 1000, 0.01);
  for (int i = 1; i < 500; ++i) {
    (i % 3 == 0 ? one : two).record(i);
    both.record(i);
  }
  one.merge(two);
  ASSERT_EQ(one.buckets().size(), both.buckets().size());
  for (const double q : {0.1, 0.5, 0.99}) EXPECT_EQ(one.quantile(q), both.quantile(q));
  EXPECT_THROW(one.merge(LogHistogram(0.1, 1000, 0.05)), std::invalid_argument);
}

TEST(LogHistogram, IgnoresWhatIsNoNumberAndRefusesAnImpossibleShape) {
  LogHistogram histogram(1, 10, 0.1);
  histogram.record(std::nan(""));
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_TRUE(std::isnan(histogram.quantile(0.5)));
  EXPECT_THROW(LogHistogram(0, 10, 0.1), std::invalid_argument);
  EXPECT_THROW(LogHistogram(10, 1, 0.1), std::invalid_argument);
}

}  // namespace
}  // namespace sluice::measure
