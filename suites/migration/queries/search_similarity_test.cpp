#include "suites/migration/queries/search_similarity.hpp"

#include <gtest/gtest.h>

namespace sluice::migration {
namespace {

using measure::RatioVerdict;

TEST(SearchSimilarity, CountsTheSharedResults) {
  EXPECT_DOUBLE_EQ(overlap({"a", "b", "c", "d"}, {"d", "c", "b", "a"}), 1);
  EXPECT_DOUBLE_EQ(overlap({"a", "b", "c", "d"}, {"a", "b", "x", "y"}), 0.5);
  EXPECT_DOUBLE_EQ(overlap({"a", "b", "c", "d"}, {"a"}), 0.25);
  EXPECT_DOUBLE_EQ(overlap({"a"}, {}), 0);
  EXPECT_DOUBLE_EQ(overlap({}, {}), 1);
  EXPECT_EQ(top({"a", "b", "a", "c", "d"}, 3), (ResultList{"a", "b", "c"}));
}

TEST(SearchSimilarity, CountsRepeatedResults) {
  EXPECT_EQ(repeats({}), 0u);
  EXPECT_EQ(repeats({"a", "b"}), 0u);
  EXPECT_EQ(repeats({"a", "b", "a", "c", "a", "b"}), 3u);
}

TEST(SearchSimilarity, ComparesTheOrderOfPairs) {
  EXPECT_DOUBLE_EQ(rank_correlation({"a", "b", "c"}, {"a", "b", "c"}), 1);
  EXPECT_DOUBLE_EQ(rank_correlation({"a", "b", "c"}, {"c", "b", "a"}), -1);
  // One of three pairs in the other order: 1 - 2/3.
  EXPECT_NEAR(rank_correlation({"a", "b", "c"}, {"a", "c", "b"}), 1.0 / 3, 1e-12);
  // Disjoint lists of two: four pairs reversed, two unknown.
  EXPECT_NEAR(rank_correlation({"a", "b"}, {"c", "d"}), 1 - 2 * 5.0 / 6, 1e-12);
  // d replaces c at the end: only the pair of c and d differs.
  EXPECT_NEAR(rank_correlation({"a", "b", "c"}, {"a", "b", "d"}), 1 - 2.0 / 6, 1e-12);
  EXPECT_DOUBLE_EQ(rank_correlation({"a"}, {"a"}), 1);
  EXPECT_DOUBLE_EQ(rank_correlation({"a"}, {"b"}), -1);
  EXPECT_LT(rank_correlation({"a", "b"}, {}), 1);
}

TEST(SearchSimilarity, NeedsEnoughQueriesForALimit) {
  const std::vector<double> few(28, 1.0), enough(29, 1.0);
  EXPECT_EQ(judge_mean(few, 0, 0.9, 1).needed, 29u);
  EXPECT_EQ(judge_mean(few, 0, 0.9, 1).verdict, RatioVerdict::inconclusive);
  EXPECT_EQ(judge_mean(enough, 0, 0.9, 1).verdict, RatioVerdict::pass);
  EXPECT_EQ(judge_mean(enough, -1, 0.8, 1).verdict, RatioVerdict::pass);
  EXPECT_EQ(judge_mean({}, 0, 0.9, 1).verdict, RatioVerdict::inconclusive);
}

TEST(SearchSimilarity, FailsOnFewQueriesOnlyWhenTheyAreSurelyBad) {
  EXPECT_EQ(judge_mean(std::vector<double>(5, 0.0), 0, 0.9, 1).verdict, RatioVerdict::fail);
  EXPECT_EQ(judge_mean(std::vector<double>(1, 0.8), 0, 0.9, 1).verdict, RatioVerdict::inconclusive);
}

TEST(SearchSimilarity, LeavesAMeanAtItsLimitOpen) {
  std::vector<double> values(100, 1.0);
  for (std::size_t i = 0; i < 10; ++i) values[i * 7] = 0;
  EXPECT_EQ(judge_mean(values, 0, 0.9, 1).verdict, RatioVerdict::inconclusive);
  EXPECT_EQ(judge_mean(values, 0, 0.8, 1).verdict, RatioVerdict::pass);
  EXPECT_EQ(judge_mean(values, 0, 0.97, 1).verdict, RatioVerdict::fail);
  EXPECT_EQ(judge_mean(values, 0, 0.97, 1).high, judge_mean(values, 0, 0.97, 1).high);
}

TEST(SearchSimilarity, AllowsNoDifferenceAtALimitOfOne) {
  std::vector<double> values(1000, 1.0);
  EXPECT_EQ(judge_mean(values, 0, 1, 1).verdict, RatioVerdict::pass);
  values[500] = 0.9;
  EXPECT_EQ(judge_mean(values, 0, 1, 1).verdict, RatioVerdict::fail);
}

}  // namespace
}  // namespace sluice::migration
