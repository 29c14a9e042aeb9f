#include "suites/isolation/bleed_bound.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

namespace sluice::isolation {
namespace {

TEST(BleedBound, NeedsTheKnownNumbersOfTrialsForOneInAThousand) {
  EXPECT_EQ(trials_needed(1e-3, 0, 0.95), 2995u);
  EXPECT_EQ(trials_needed(1e-3, 1, 0.95), 4742u);
  EXPECT_EQ(trials_needed(1e-3, 2, 0.95), 6294u);
  EXPECT_EQ(trials_needed(1e-3, 0, 0.99), 4603u);
}

TEST(BleedBound, NeedsTheKnownNumberOfTrialsForOneInTenThousand) { EXPECT_EQ(trials_needed(1e-4, 0, 0.95), 29956u); }

TEST(BleedBound, OfNoLeakIsOneMinusTheRootOfTheDoubt) {
  EXPECT_NEAR(bleed_upper_bound(0, 100, 0.95), 1 - std::pow(0.05, 0.01), 1e-12);
  EXPECT_NEAR(bleed_upper_bound(0, 1, 0.95), 0.95, 1e-12);
}

TEST(BleedBound, LeavesExactlyTheDoubtToWhatWasSeen) {
  // P(at most 2 of 50 | p = bound) must be 1 - confidence: that is what the bound means.
  const double p = bleed_upper_bound(2, 50, 0.95);
  const double at_most_two = std::pow(1 - p, 50) + 50 * p * std::pow(1 - p, 49) + 1225 * p * p * std::pow(1 - p, 48);
  EXPECT_NEAR(at_most_two, 0.05, 1e-9);
}

TEST(BleedBound, GrowsWithLeaksAndFallsWithTrials) {
  EXPECT_LT(bleed_upper_bound(0, 500, 0.95), bleed_upper_bound(1, 500, 0.95));
  EXPECT_LT(bleed_upper_bound(1, 1000, 0.95), bleed_upper_bound(1, 500, 0.95));
}

TEST(BleedBound, KnowsNothingWithoutTrials) { EXPECT_EQ(bleed_upper_bound(0, 0, 0.95), 1); }

TEST(BleedBound, IsOneWhenEverythingLeaked) { EXPECT_EQ(bleed_upper_bound(7, 7, 0.95), 1); }

TEST(BleedBound, RefusesACertainty) {
  EXPECT_THROW(bleed_upper_bound(0, 10, 1.0), std::logic_error);
  EXPECT_THROW(trials_needed(0, 0, 0.95), std::logic_error);
}

}  // namespace
}  // namespace sluice::isolation
