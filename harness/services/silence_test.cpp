#include "harness/services/silence.hpp"

#include <gtest/gtest.h>

namespace sluice::services {
namespace {

using namespace std::chrono_literals;

class SilenceTest : public ::testing::Test {
 protected:
  // A question that takes `takes` to fail, a second after the last one; the service wants `demand` of a processor
  // meanwhile.
  void fail(std::chrono::nanoseconds takes, std::chrono::nanoseconds demand = 0s) {
    now_ += 1s;
    demand_ += demand;
    const auto asked = now_;
    now_ += takes;
    silence_.unanswered(asked, now_, [this] { return demand_; });
  }

  Silence silence_;
  Silence::Time now_{};
  std::chrono::nanoseconds demand_{0};
};

TEST_F(SilenceTest, CountsTimeOutsOfAServiceThatDoesNothing) {
  for (int i = 0; i < 5; ++i) fail(2s);
  EXPECT_EQ(silence_.lasted(), 12s);  // the first tells only when to begin
}

TEST_F(SilenceTest, CountsRefusalsFromTheFirstOn) {
  for (int i = 0; i < 3; ++i) fail(1ms, 1s);
  EXPECT_EQ(silence_.lasted(), 2s + 3ms);
}

TEST_F(SilenceTest, DoesNotCountTimeOutsOfAServiceThatWorksOrWaitsForAProcessor) {
  for (int i = 0; i < 100; ++i) fail(2s, 200ms);
  EXPECT_EQ(silence_.lasted(), 0s);
}

TEST_F(SilenceTest, CountsALittleHouseworkAsNothing) {
  for (int i = 0; i < 5; ++i) fail(2s, 20ms);
  EXPECT_EQ(silence_.lasted(), 12s);
}

TEST_F(SilenceTest, TakesAPauseOfTheMachineForOneQuestion) {
  fail(2s);
  fail(1h);
  EXPECT_EQ(silence_.lasted(), 5s);
}

TEST_F(SilenceTest, BeginsAnewAfterAnAnswer) {
  for (int i = 0; i < 5; ++i) fail(2s);
  silence_.answered();
  EXPECT_EQ(silence_.lasted(), 0s);
  fail(2s);
  EXPECT_EQ(silence_.lasted(), 0s);
}

}  // namespace
}  // namespace sluice::services
