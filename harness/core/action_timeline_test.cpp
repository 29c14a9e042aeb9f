#include "harness/core/action_timeline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace sluice {
namespace {

using ::testing::ElementsAre;

class ActionTimelineTest : public ::testing::Test {
 protected:
  SystemClock clock_;
  ActionTimeline timeline_{clock_, {"migrate", "catch-up"}};
};

TEST_F(ActionTimelineTest, TellsListenersBeforeAnActionBeginsAndAfterItEnds) {
  std::vector<std::string> heard;
  const auto subscription = timeline_.listen([&](const std::string& action, bool begins) {
    heard.push_back((begins ? "before " : "after ") + action + " " + std::to_string(timeline_.spans().size()));
  });
  timeline_.begin("migrate");
  timeline_.end();
  timeline_.begin("catch-up");
  timeline_.end();
  EXPECT_THAT(heard, ElementsAre("before migrate 0", "after migrate 1", "before catch-up 1", "after catch-up 2"));
}

TEST_F(ActionTimelineTest, TellsNothingToThoseWhoLeft) {
  int calls = 0;
  auto subscription = timeline_.listen([&](const std::string&, bool) { ++calls; });
  timeline_.begin("migrate");
  auto moved = std::move(subscription);
  timeline_.end();
  moved.end();
  timeline_.begin("catch-up");
  EXPECT_EQ(calls, 2);
}

TEST_F(ActionTimelineTest, SaysWhenActionsBeganAndEnded) {
  timeline_.begin("migrate");
  ASSERT_EQ(timeline_.spans().size(), 1u);
  EXPECT_FALSE(timeline_.spans()[0].ended);
  timeline_.end();
  EXPECT_GE(*timeline_.spans()[0].ended, timeline_.spans()[0].begun);
}

TEST_F(ActionTimelineTest, IsOverOnceClosedAndNotBefore) {
  std::stop_source cancel;
  cancel.request_stop();
  EXPECT_FALSE(timeline_.wait_over(std::chrono::hours(1), cancel.get_token()));
  std::jthread closer([&] { timeline_.close(); });
  EXPECT_TRUE(timeline_.wait_over(std::chrono::hours(1), {}));
  EXPECT_TRUE(timeline_.over());
}

}  // namespace
}  // namespace sluice
