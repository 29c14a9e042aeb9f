#include "suites/migration/rows/shown_values.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::migration {
namespace {

using stores::ComparisonType;
using stores::RawCell;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

void expect_shown(const RawCell& old_cell, const RawCell& new_cell, const std::string& old_value,
                  const std::string& new_value) {
  const ShownValues shown = show_values(old_cell, new_cell);
  EXPECT_EQ(shown.old_value, old_value);
  EXPECT_EQ(shown.new_value, new_value);
}

TEST(ShownValues, AreAsTheyAreWhereThatTellsThemApart) {
  expect_shown(RawCell::of_integer(1), RawCell::of_text("2"), "1", "2");
  expect_shown(RawCell::of_text("it's"), RawCell::of_null(), "it's", "NULL");
  expect_shown(RawCell::of_blob("\x01"), RawCell::of_blob("\x02"), "x'01'", "x'02'");
}

TEST(ShownValues, NameTheirStorageWhereTheyPrintAlike) {
  expect_shown(RawCell::of_null(), RawCell::of_text("NULL"), "NULL", "text 'NULL'");
  expect_shown(RawCell::of_integer(1), RawCell::of_text("1"), "integer 1", "text '1'");
  expect_shown(RawCell::of_integer(1), RawCell::of_real(1), "integer 1", "real 1");
  expect_shown(RawCell::of_text("x'0f'"), RawCell::of_blob("\x0f"), "text 'x'0f''", "blob x'0f'");
  expect_shown(RawCell::of_text(""), RawCell::of_blob(""), "text ''", "blob x''");
  expect_shown(RawCell::of_null(), RawCell::of_text(""), "NULL", "text ''");
}

TEST(ShownValues, ShowBlanksAtAnEnd) {
  expect_shown(RawCell::of_text("a"), RawCell::of_text("a "), "'a'", "'a '");
  expect_shown(RawCell::of_text(""), RawCell::of_text(" "), "''", "' '");
  expect_shown(RawCell::of_text("   "), RawCell::of_text("b"), "'   '", "'b'");
  expect_shown(RawCell::of_text("a "), RawCell::of_text("b "), "a ", "b ");
}

TEST(ShownValues, OfLongTextsAreShownWhereTheyDiffer) {
  const std::string same(10'000, 'a');
  const std::string old_text = same + "\xc3\xa4" + "old" + same, new_text = same + "\xc3\xb6" + "new";
  const ShownValues shown = show_values(RawCell::of_text(old_text), RawCell::of_text(new_text));
  EXPECT_THAT(shown.old_value, AllOf(StartsWith("…aaa"), HasSubstr("aäoldaaa"),
                                     EndsWith("aaa… (20005 bytes, the first that differs is number 10002)")));
  EXPECT_THAT(shown.new_value, EndsWith("aönew (10005 bytes, the first that differs is number 10002)"));
  const ShownValues longer = show_values(RawCell::of_text(same), RawCell::of_text(same + "b"));
  EXPECT_THAT(longer.old_value, EndsWith("aaa (10000 bytes, the first that differs is number 10001)"));
  EXPECT_THAT(longer.new_value, EndsWith("aaab (10001 bytes, the first that differs is number 10001)"));
}

TEST(ShownValues, OfLongValuesThatDifferEarlyAreShownFromTheirBegin) {
  const std::string same(1000, 'a');
  EXPECT_THAT(show_values(RawCell::of_text("b" + same), RawCell::of_text("c" + same)).old_value, StartsWith("baaa"));
  // Within the bytes that are shown, as they are escaped.
  const std::string escaped = std::string(150, '\x01') + "b" + same, other = std::string(150, '\x01') + "c" + same;
  EXPECT_THAT(show_values(RawCell::of_text(escaped), RawCell::of_text(other)).old_value, HasSubstr("x01baaa"));
}

TEST(ShownValues, OfLongBytesAreShownWhereTheyDiffer) {
  const std::string same(1000, '\xaa');
  const std::string old_bytes = same + "\x01", new_bytes = same + "\x02" + same;
  const ShownValues shown = show_values(RawCell::of_blob(old_bytes), RawCell::of_blob(new_bytes));
  EXPECT_THAT(shown.old_value, AllOf(StartsWith("x'…aaaa"), EndsWith("aa01' (1001 bytes, the first that differs is "
                                                                     "number 1001)")));
  EXPECT_THAT(shown.new_value, HasSubstr("aa02aa"));
}

TEST(ShownValues, OfBytesThatAreNoTextAreBounded) {
  const std::string same(1000, '\x80');
  const ShownValues shown = show_values(RawCell::of_text(same + "a"), RawCell::of_text(same + "b"));
  EXPECT_NE(shown.old_value, shown.new_value);
  EXPECT_LT(shown.old_value.size(), 1000u);
}

TEST(ShownValues, AreInQuotesWhereAloneTheyWouldMislead) {
  const auto shown = [](const RawCell& cell, ComparisonType type = ComparisonType::exact) {
    return show_value(cell, type, 120);
  };
  EXPECT_EQ(shown(RawCell::of_text("NULL")), "'NULL'");
  EXPECT_EQ(shown(RawCell::of_null()), "NULL");
  EXPECT_EQ(shown(RawCell::of_text("")), "''");
  EXPECT_EQ(shown(RawCell::of_text("1")), "'1'");
  EXPECT_EQ(shown(RawCell::of_integer(1)), "1");
  EXPECT_EQ(shown(RawCell::of_text("1.50"), ComparisonType::decimal), "1.50");
  EXPECT_EQ(shown(RawCell::of_text("Ada")), "Ada");
  EXPECT_THAT(shown(RawCell::of_text(std::string(1000, 'a'))), SizeIs(::testing::Lt(150u)));
}

}  // namespace
}  // namespace sluice::migration
