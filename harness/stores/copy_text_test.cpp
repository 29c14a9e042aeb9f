#include "harness/stores/copy_text.hpp"

#include <gmock/gmock.h>

namespace sluice::stores {
namespace {

TEST(CopyText, TellsNullFromEmptyAndFromItsEscape) {
  std::string line = "\\N\t\t\\\\N";
  RawRow row;
  ASSERT_TRUE(split_copy_line(line, {false, false, false}, row));
  EXPECT_TRUE(row[0].is_null());
  EXPECT_EQ(row[1].storage, RawCell::Storage::text);
  EXPECT_EQ(row[1].bytes, "");
  EXPECT_EQ(row[2].bytes, "\\N");
}

TEST(CopyText, UndoesEveryEscape) {
  std::string line = "a\\tb\\nc\\\\d\\re\\bf\\fg\\vh";
  RawRow row;
  ASSERT_TRUE(split_copy_line(line, {false}, row));
  EXPECT_EQ(row[0].bytes, "a\tb\nc\\d\re\bf\fg\vh");
}

TEST(CopyText, DecodesBytea) {
  std::string line = "1\t\\\\x00ff10\t\\\\x";
  RawRow row;
  ASSERT_TRUE(split_copy_line(line, {false, true, true}, row));
  EXPECT_EQ(row[1].storage, RawCell::Storage::blob);
  EXPECT_EQ(row[1].bytes, std::string_view("\x00\xff\x10", 3));
  EXPECT_EQ(row[2].bytes, "");
}

TEST(CopyText, RefusesAnotherNumberOfFields) {
  RawRow row;
  std::string two = "a\tb";
  EXPECT_FALSE(split_copy_line(two, {false}, row));
  EXPECT_FALSE(split_copy_line(two, {false, false, false}, row));
  std::string bad = "\\\\x0g";
  EXPECT_FALSE(split_copy_line(bad, {true}, row));
}

TEST(CopyText, TakesAnEmptyLineAsOneEmptyField) {
  std::string line;
  RawRow row;
  ASSERT_TRUE(split_copy_line(line, {false}, row));
  EXPECT_EQ(row[0].bytes, "");
}

}  // namespace
}  // namespace sluice::stores
