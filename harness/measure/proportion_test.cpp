#include "harness/measure/proportion.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::measure {
namespace {

// Reference values: the exact binomial interval as tabulated by Clopper and Pearson.
TEST(ProportionBounds, AreThoseOfClopperAndPearson) {
  EXPECT_NEAR(proportion_lower_bound(5, 50, 0.025), 0.03327, 1e-5);
  EXPECT_NEAR(proportion_upper_bound(5, 50, 0.025), 0.21814, 1e-5);
  EXPECT_NEAR(proportion_upper_bound(0, 299, 0.05), 0.00997, 1e-5);
}

TEST(ProportionBounds, SayNothingWithNoTrials) {
  EXPECT_EQ(proportion_lower_bound(0, 0, 0.05), 0);
  EXPECT_EQ(proportion_upper_bound(0, 0, 0.05), 1);
}

TEST(ProportionBounds, NeedTheTrialsThatTheTextbookSays) {
  EXPECT_EQ(trials_needed_for_share(0.001, 0.05), 2995u);
  EXPECT_EQ(trials_needed_for_share(0.01, 0.05), 299u);
  EXPECT_LT(proportion_upper_bound(0, 2995, 0.05), 0.001);
  EXPECT_GT(proportion_upper_bound(0, 2994, 0.05), 0.001);
}

TEST(ProportionBounds, AgreeWithTheTailsTheyInvert) {
  const double upper = proportion_upper_bound(3, 400, 0.05);
  EXPECT_NEAR(chance_of_at_most(3, 400, upper), 0.05, 1e-9);
  const double lower = proportion_lower_bound(3, 400, 0.05);
  EXPECT_NEAR(chance_of_at_least(3, 400, lower), 0.05, 1e-9);
}

TEST(DesignEffect, IsOneForEvenlySpreadErrorsAndLargeForABurst) {
  const std::vector<BlockCount> even(20, BlockCount{2, 100});
  EXPECT_EQ(design_effect(even), 1);
  std::vector<BlockCount> burst(20, BlockCount{0, 100});
  burst[4].events = 40;
  EXPECT_GT(design_effect(burst), 20);
  EXPECT_EQ(design_effect(std::vector<BlockCount>(20, BlockCount{0, 100})), 1);
}

}  // namespace
}  // namespace sluice::measure
