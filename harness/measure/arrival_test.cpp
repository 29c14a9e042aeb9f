#include "harness/measure/arrival.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace sluice::measure {
namespace {

using namespace std::chrono_literals;

TEST(ArrivalSchedule, IsTheSameForTheSameSeedAndAnotherForAnother) {
  const auto first = arrival_schedule(Arrival::poisson, 200, 2s, 7);
  EXPECT_EQ(first, arrival_schedule(Arrival::poisson, 200, 2s, 7));
  EXPECT_NE(first, arrival_schedule(Arrival::poisson, 200, 2s, 8));
}

TEST(ArrivalSchedule, AscendsAndStaysInsideTheBlock) {
  for (const Arrival arrival : {Arrival::poisson, Arrival::constant}) {
    const auto schedule = arrival_schedule(arrival, 1000, 1s, 3);
    EXPECT_TRUE(std::is_sorted(schedule.begin(), schedule.end()));
    EXPECT_GE(schedule.front(), 0ns);
    EXPECT_LT(schedule.back(), 1s);
  }
}

TEST(ArrivalSchedule, OfAPoissonProcessHasItsRateAndExponentialGaps) {
  const auto schedule = arrival_schedule(Arrival::poisson, 1000, 100s, 5);
  EXPECT_NEAR(static_cast<double>(schedule.size()), 100'000, 5 * std::sqrt(100'000));
  // Of exponential gaps, the share exp(-2) is longer than twice the mean.
  int longer = 0;
  for (std::size_t i = 1; i < schedule.size(); ++i) longer += schedule[i] - schedule[i - 1] > 2ms;
  EXPECT_NEAR(longer / static_cast<double>(schedule.size()), std::exp(-2), 0.01);
}

TEST(ArrivalSchedule, OfAMetronomeHasEqualGapsAndADrawnPhase) {
  const auto schedule = arrival_schedule(Arrival::constant, 100, 1s, 5);
  ASSERT_GE(schedule.size(), 99u);
  for (std::size_t i = 1; i < schedule.size(); ++i) {
    EXPECT_NEAR(static_cast<double>((schedule[i] - schedule[i - 1]).count()), 1e7, 2);
  }
  EXPECT_NE(schedule.front(), arrival_schedule(Arrival::constant, 100, 1s, 6).front());
}

TEST(ArrivalSchedule, RefusesARateThatIsNotPositive) {
  EXPECT_THROW(arrival_schedule(Arrival::poisson, 0, 1s, 1), std::invalid_argument);
  EXPECT_THROW(arrival_schedule(Arrival::poisson, -1, 1s, 1), std::invalid_argument);
}

TEST(UnitRandom, IsNeverZeroSoThatItsLogarithmExists) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 10'000; ++i) {
    const double value = unit_random(random);
    ASSERT_GT(value, 0);
    ASSERT_LE(value, 1);
  }
}

}  // namespace
}  // namespace sluice::measure
