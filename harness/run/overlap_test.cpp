#include "harness/run/overlap.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::run {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr TimePoint noon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + 12h;

CheckResult check(std::chrono::seconds from, std::chrono::seconds to, Verdict verdict = Verdict::passed) {
  CheckResult result{.name = "watch"};
  result.started = noon + from;
  result.duration = to - from;
  result.outcome.verdict = verdict;
  result.outcome.reason = "all is well";
  return result;
}

ActionResult action(std::chrono::seconds from, std::chrono::seconds to) {
  ActionResult result;
  result.name = "step";
  result.started = noon + from;
  result.duration = to - from;
  return result;
}

TEST(Overlap, IsTheTimeThatBothWereUnderWay) {
  EXPECT_EQ(overlap(check(0s, 10s), {action(2s, 5s)}), 3s);
  EXPECT_EQ(overlap(check(3s, 4s), {action(2s, 5s)}), 1s);
  EXPECT_EQ(overlap(check(0s, 3s), {action(2s, 5s)}), 1s);
  EXPECT_EQ(overlap(check(4s, 9s), {action(2s, 5s)}), 1s);
  EXPECT_EQ(overlap(check(1s, 7s), {action(0s, 2s), action(3s, 4s), action(6s, 9s)}), 3s);
}

TEST(Overlap, IsNoneWhereTheyOnlyTouch) {
  EXPECT_EQ(overlap(check(0s, 2s), {action(2s, 5s)}), 0s);
  EXPECT_EQ(overlap(check(5s, 6s), {action(2s, 5s)}), 0s);
  EXPECT_EQ(overlap(check(0s, 2s), {}), 0s);
}

TEST(Overlap, APassThatSawNothingOfTheActionsIsInconclusive) {
  CheckResult over = check(0s, 1s);
  judge_overlap(over, {action(2s, 5s)});
  EXPECT_EQ(over.outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(over.outcome.reason, HasSubstr("over before the actions"));
  EXPECT_THAT(over.outcome.reason, HasSubstr("all is well"));
}

TEST(Overlap, LeavesEveryOtherVerdictAsItIs) {
  CheckResult beside = check(0s, 3s);
  judge_overlap(beside, {action(2s, 5s)});
  EXPECT_EQ(beside.outcome.verdict, Verdict::passed);
  EXPECT_EQ(beside.overlapped, 1s);
  for (const Verdict verdict : {Verdict::failed, Verdict::errored, Verdict::inconclusive}) {
    CheckResult over = check(0s, 1s, verdict);
    judge_overlap(over, {action(2s, 5s)});
    EXPECT_EQ(over.outcome.verdict, verdict);
    EXPECT_EQ(over.outcome.reason, "all is well");
  }
}

}  // namespace
}  // namespace sluice::run
