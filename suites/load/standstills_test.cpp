#include "suites/load/standstills.hpp"

#include <gtest/gtest.h>

namespace sluice::load {
namespace {

using namespace std::chrono_literals;

class StandstillsTest : public ::testing::Test {
 protected:
  StandstillsTest() { standstills_.begin(at(0ms)); }
  static Standstills::Clock::time_point at(std::chrono::milliseconds time) {
    return Standstills::Clock::time_point(1h + time);
  }
  Standstills standstills_;
};

TEST_F(StandstillsTest, AreLongGapsBetweenLooks) {
  for (const auto time : {20ms, 40ms, 400ms, 899ms, 919ms}) standstills_.look(at(time));
  EXPECT_EQ(standstills_.total(), 0ms);
  standstills_.look(at(1919ms));
  standstills_.look(at(1939ms));
  standstills_.look(at(2439ms));
  EXPECT_EQ(standstills_.total(), 1500ms);
}

TEST_F(StandstillsTest, CountAsFarAsTheyLieWithinATime) {
  standstills_.look(at(20ms));
  standstills_.look(at(1020ms));
  standstills_.look(at(1040ms));
  standstills_.look(at(2040ms));
  EXPECT_EQ(standstills_.within(at(0ms), at(3000ms)), 2000ms);
  EXPECT_EQ(standstills_.within(at(520ms), at(1540ms)), 1000ms);
  EXPECT_EQ(standstills_.within(at(1020ms), at(1040ms)), 0ms);
  EXPECT_EQ(standstills_.within(at(2100ms), at(3000ms)), 0ms);
}

TEST_F(StandstillsTest, AreForgottenInTheNextBlock) {
  standstills_.look(at(1000ms));
  standstills_.begin(at(5000ms));
  standstills_.look(at(5020ms));
  EXPECT_EQ(standstills_.total(), 0ms);
}

}  // namespace
}  // namespace sluice::load
