#include "harness/core/patience.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr Patience::Time begun{1h};

TEST(Patience, IsOverWhenTheTimeIs) {
  Patience patience(begun, 1s);
  EXPECT_EQ(patience.left(begun + 300ms), 700ms);
  EXPECT_FALSE(patience.over(begun + 700ms));
  EXPECT_FALSE(patience.over(begun + 999ms));
  EXPECT_TRUE(patience.over(begun + 1s));
}

TEST(Patience, CountsAStandstillAsHalfASecond) {
  Patience patience(begun, 1s);
  EXPECT_FALSE(patience.over(begun + 20ms));
  EXPECT_EQ(patience.left(begun + 1h), 480ms);
  EXPECT_TRUE(patience.over(begun + 1h + 480ms));
}

TEST(Patience, CanWantSeveralLooks) {
  Patience patience(begun, 400ms, 100ms);
  for (int look = 1; look <= 3; ++look) EXPECT_FALSE(patience.over(begun + look * 1h));
  EXPECT_TRUE(patience.over(begun + 4h));
}

TEST(Patience, IsOverAtOnceWhenThereIsNone) { EXPECT_TRUE(Patience(begun, 0s).over(begun)); }

}  // namespace
}  // namespace sluice
