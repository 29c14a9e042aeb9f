#include "suites/isolation/overlap.hpp"

#include <gtest/gtest.h>

namespace sluice::isolation {
namespace {

TEST(Overlap, IsSeenByTheOneThatCameSecondAndByTheOneThatWasThere) {
  Overlap overlap;
  const auto first = overlap.begin();
  const auto second = overlap.begin();
  EXPECT_TRUE(overlap.end(second));
  EXPECT_TRUE(overlap.end(first));
  EXPECT_EQ(overlap.most(), 2u);
}

TEST(Overlap, IsSeenByTheLongOneAfterTheShortOneLeft) {
  Overlap overlap;
  const auto longer = overlap.begin();
  EXPECT_TRUE(overlap.end(overlap.begin()));
  EXPECT_TRUE(overlap.end(longer));
}

TEST(Overlap, IsNotSeenByExchangesOneAfterTheOther) {
  Overlap overlap;
  EXPECT_FALSE(overlap.end(overlap.begin()));
  EXPECT_FALSE(overlap.end(overlap.begin()));
  EXPECT_EQ(overlap.most(), 1u);
}

}  // namespace
}  // namespace sluice::isolation
