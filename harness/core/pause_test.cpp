#include "harness/core/pause.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "harness/core/errors.hpp"

namespace sluice {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

TEST(Pause, LastsAsLongAsItIsTold) {
  const auto begun = Clock::now();
  EXPECT_TRUE(pause_for(milliseconds(20), {}));
  EXPECT_NO_THROW(pause_unless_cancelled(milliseconds(20), std::stop_source().get_token()));
  EXPECT_GE(Clock::now() - begun, milliseconds(40));
}

TEST(Pause, IsOverAtOnceWhenNothingIsLeftOfTheTime) {
  EXPECT_TRUE(pause_for(milliseconds(0), {}));
  EXPECT_TRUE(pause_for(milliseconds(-5), {}));
}

TEST(Pause, IsEndedByAStop) {
  std::stop_source stop;
  std::jthread stopping([&] { stop.request_stop(); });
  EXPECT_FALSE(pause_for(hours(1), stop.get_token()));
  EXPECT_THROW(pause_unless_cancelled(hours(1), stop.get_token()), Cancelled);
}

}  // namespace
}  // namespace sluice
