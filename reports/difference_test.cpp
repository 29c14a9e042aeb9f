#include "reports/difference.hpp"

#include <gtest/gtest.h>

#include "harness/core/printable.hpp"

namespace sluice::reports {
namespace {

std::string joined(const Split& split) { return split.before + split.middle + split.after; }

TEST(SplitDifference, FindsTheMiddleThatDiffers) {
  const auto [before, after] = split_difference("one old word", "one new word", 100);
  EXPECT_EQ(before.before, "one ");
  EXPECT_EQ(before.middle, "old");
  EXPECT_EQ(before.after, " word");
  EXPECT_EQ(after.middle, "new");
  EXPECT_EQ(after.after, " word");
}

TEST(SplitDifference, DoesNotCountTheSameBytesTwiceWhenOneValueContainsTheOther) {
  const auto [shorter, longer] = split_difference("aa", "aaa", 100);
  EXPECT_EQ(joined(shorter), "aa");
  EXPECT_EQ(joined(longer), "aaa");
  EXPECT_EQ(shorter.middle, "");
  EXPECT_EQ(longer.middle, "a");
}

TEST(SplitDifference, NeverCutsInsideACharacter) {
  const auto [left, right] = split_difference("é", "è", 100);  // the same first byte
  EXPECT_EQ(left.middle, "é");
  EXPECT_EQ(right.middle, "è");
  const auto [first, second] = split_difference("aĠ", "bȠ", 100);  // the same last byte
  EXPECT_EQ(first.middle, "aĠ");
  EXPECT_EQ(second.middle, "bȠ");
}

TEST(SplitDifference, ShowsAChangeFarInsideALongValue) {
  const std::string filler(9'000, 'x');
  const auto [left, right] = split_difference(filler + "old" + filler, filler + "new" + filler, 400);
  EXPECT_EQ(left.middle, "old");
  EXPECT_EQ(right.middle, "new");
  EXPECT_EQ(joined(left).size(), 400u);
  EXPECT_EQ(left.skipped_before + joined(left).size() + left.skipped_after, 18'003u);
}

TEST(SplitDifference, BoundsADifferenceThatIsLongItself) {
  const auto [left, right] = split_difference(std::string(5'000, 'a'), std::string(5'000, 'b'), 400);
  EXPECT_EQ(left.middle.size(), 400u);
  EXPECT_EQ(right.skipped_after, 4'600u);
}

TEST(Excerpts, ShowTheDifferenceAndLeaveAbsentValuesAbsent) {
  const std::string filler(9'000, 'x');
  const auto [before, after] = excerpts(filler + "old" + filler, filler + "new" + filler, 40);
  EXPECT_EQ(before, "… xxxxxxxxxxold" + std::string(27, 'x') + " …");
  EXPECT_EQ(after, "… xxxxxxxxxxnew" + std::string(27, 'x') + " …");
  const auto [kept, absent] = excerpts("value", std::nullopt, 3);
  EXPECT_EQ(kept, "val …");
  EXPECT_EQ(absent, std::nullopt);
}

TEST(SplitDifference, AccountsForEveryByteOfArbitraryValues) {
  const std::string alphabet[] = {"a", "é", "€", "\xFF", "\x80", " "};
  for (int seed = 0; seed < 3'000; ++seed) {
    std::string left;
    std::string right;
    unsigned state = static_cast<unsigned>(seed) * 2654435761u + 1;
    for (int i = 0; i < 12; ++i) {
      state = state * 1664525u + 1013904223u;
      (state & 0x10000u ? left : right) += alphabet[(state >> 20) % 6];
    }
    const auto [a, b] = split_difference(left, right, 8);
    ASSERT_EQ(a.skipped_before + joined(a).size() + a.skipped_after, left.size());
    ASSERT_EQ(b.skipped_before + joined(b).size() + b.skipped_after, right.size());
    ASSERT_EQ(joined(a), left.substr(a.skipped_before, joined(a).size()));
    ASSERT_EQ(joined(b), right.substr(b.skipped_before, joined(b).size()));
  }
}

}  // namespace
}  // namespace sluice::reports
