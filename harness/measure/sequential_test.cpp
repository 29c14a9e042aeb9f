#include "harness/measure/sequential.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <stdexcept>

#include "harness/measure/distributions.hpp"

namespace sluice::measure {
namespace {

constexpr std::array<double, 4> quarters{0.25, 0.5, 0.75, 1.0};

TEST(OBrienFleming, GivesThePublishedBoundaries) {
  const auto levels = obrien_fleming_levels(0.05, quarters);
  const std::array<double, 4> published{3.750, 2.540, 2.016, 1.720};
  ASSERT_EQ(levels.size(), published.size());
  for (std::size_t i = 0; i < levels.size(); ++i) EXPECT_NEAR(normal_upper_point(levels[i]), published[i], 0.002) << i;
}

TEST(OBrienFleming, WithOneLookIsThePlainTest) {
  const std::array<double, 1> whole{1.0};
  EXPECT_NEAR(obrien_fleming_levels(0.05, whole).front(), 0.05, 1e-9);
}

TEST(OBrienFleming, KeepsTheChanceOfEverCrossingAtAlpha) {
  const auto levels = obrien_fleming_levels(0.05, quarters);
  std::mt19937_64 random(3);
  std::normal_distribution<double> step(0, 0.5);
  constexpr int runs = 20'000;
  int crossed = 0;
  for (int run = 0; run < runs; ++run) {
    double score = 0;
    bool any = false;
    for (std::size_t look = 0; look < 4; ++look) {
      score += step(random);
      any = any || normal_tail(score / std::sqrt(quarters[look])) < levels[look];
    }
    crossed += any;
  }
  EXPECT_NEAR(crossed / double{runs}, 0.05, 4 * std::sqrt(0.05 * 0.95 / runs));
}

TEST(OBrienFleming, RefusesLooksThatMakeNoSense) {
  const std::array<double, 2> backwards{0.5, 0.25};
  const std::array<double, 1> unfinished{0.5};
  EXPECT_THROW(obrien_fleming_levels(0.05, backwards), std::invalid_argument);
  EXPECT_THROW(obrien_fleming_levels(0.05, unfinished), std::invalid_argument);
  EXPECT_THROW(obrien_fleming_levels(0, quarters), std::invalid_argument);
}

TEST(Holm, StopsAtTheFirstHypothesisThatStands) {
  const std::array<double, 3> levels{0.05 / 3, 0.05 / 2, 0.05};
  EXPECT_EQ(holm(std::array{0.030, 0.010, 0.040}, levels), (std::vector<bool>{false, true, false}));
  EXPECT_EQ(holm(std::array{0.020, 0.010, 0.040}, levels), (std::vector<bool>{true, true, true}));
  EXPECT_EQ(holm(std::array{0.020, 0.018, 0.019}, levels), (std::vector<bool>{false, false, false}));
}

}  // namespace
}  // namespace sluice::measure
