#include "harness/stores/row_spool.hpp"

#include <gmock/gmock.h>

#include <limits>

#include "harness/core/errors.hpp"
#include "harness/testing/check_context.hpp"

namespace sluice::stores {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RowsPutAside : public ::testing::Test {
 protected:
  std::unique_ptr<RowSpool> spool(std::vector<ColumnRule> rules, StoreOptions options = {}) {
    return std::make_unique<RowSpool>(folder_.path(), std::move(rules), options);
  }
  static std::vector<std::string> all(RowCursor& rows) {
    std::vector<std::string> shown;
    RawRow row;
    while (rows.next(row)) {
      std::string line;
      for (const auto& cell : row) line += (line.empty() ? "" : "|") + printable_cell(cell);
      shown.push_back(std::move(line));
    }
    return shown;
  }
  testing::TemporaryFolder folder_;
};

TEST_F(RowsPutAside, ComeBackInTheOrderOfTheirEncodings) {
  const auto rows = spool({{.type = ComparisonType::decimal}, {.type = ComparisonType::text}});
  for (const char* number : {"10", "9.5", "-3", "1e2", "9.50"}) {
    rows->add({RawCell::of_text(number), RawCell::of_text("x")});
  }
  rows->add({RawCell::of_null(), RawCell::of_text("y")});
  rows->add({RawCell::of_text("no number"), RawCell::of_text("z")});
  EXPECT_EQ(rows->rows(), 7u);
  const auto sorted = rows->sorted(1);
  const auto shown = all(*sorted);
  ASSERT_EQ(shown.size(), 7u);
  EXPECT_EQ(shown.front(), "NULL|y");
  EXPECT_EQ(shown[1], "-3|x");
  EXPECT_THAT(std::vector(shown.begin() + 2, shown.begin() + 4), ::testing::UnorderedElementsAre("9.5|x", "9.50|x"));
  EXPECT_EQ(shown[5], "1e2|x");
  EXPECT_EQ(shown.back(), "no number|z");
}

TEST_F(RowsPutAside, AreSortedByOneColumnAfterTheOtherAndNotByBothInARow) {
  const auto rows = spool({{.type = ComparisonType::text}, {.type = ComparisonType::text}});
  rows->add({RawCell::of_text("ab"), RawCell::of_text("a")});
  rows->add({RawCell::of_text("a"), RawCell::of_text("z")});
  rows->add({RawCell::of_text("a"), RawCell::of_text("c")});
  EXPECT_THAT(all(*rows->sorted(2)), ElementsAre("a|c", "a|z", "ab|a"));
}

TEST_F(RowsPutAside, KeepEveryValueAsItWas) {
  const auto rows = spool({{}, {}, {}, {}, {}, {}});
  using namespace std::string_view_literals;
  rows->add({RawCell::of_integer(std::numeric_limits<std::int64_t>::min()), RawCell::of_real(-0.0),
             RawCell::of_text("a\0b"sv), RawCell::of_text(""), RawCell::of_blob("\xff\x00"sv), RawCell::of_null()});
  const auto sorted = rows->sorted(0);
  RawRow row;
  ASSERT_TRUE(sorted->next(row));
  EXPECT_EQ(row[0].integer, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(row[1].storage, RawCell::Storage::real);
  EXPECT_EQ(row[2].storage, RawCell::Storage::text);
  EXPECT_EQ(row[2].bytes, "a\0b"sv);
  EXPECT_EQ(row[3].storage, RawCell::Storage::text);
  EXPECT_TRUE(row[3].bytes.empty());
  EXPECT_EQ(row[4].storage, RawCell::Storage::blob);
  EXPECT_EQ(row[4].bytes, "\xff\x00"sv);
  EXPECT_TRUE(row[5].is_null());
  EXPECT_FALSE(sorted->next(row));
}

TEST_F(RowsPutAside, AreNoneWhereNoneWereAdded) {
  const auto rows = spool({{.type = ComparisonType::integer}});
  EXPECT_EQ(rows->rows(), 0u);
  EXPECT_TRUE(all(*rows->sorted(1)).empty());
}

// Far more than the page cache of SQLite, 2 MB, in a file that has no name.
TEST_F(RowsPutAside, LieOnDiskAndLeaveNothingThere) {
  constexpr std::int64_t count = 3000;
  const std::string filling(4000, 'x');
  {
    const auto rows = spool({{.type = ComparisonType::integer}, {.type = ComparisonType::text}});
    for (std::int64_t i = 0; i < count; ++i) {
      rows->add({RawCell::of_integer(i * 7919 % count), RawCell::of_text(filling)});
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
    const auto sorted = rows->sorted(1);
    RawRow row;
    std::int64_t next = 0;
    while (sorted->next(row)) {
      ASSERT_EQ(row[0].integer, next++);
      ASSERT_EQ(row[1].bytes, filling);
    }
    EXPECT_EQ(next, count);
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(RowsPutAside, NeedAFolder) {
  try {
    RowSpool(folder_.path() / "none", {{}}, {});
    FAIL();
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), HasSubstr((folder_.path() / "none").string()));
  }
}

TEST_F(RowsPutAside, AreAbandonedWhenTheRunIsStopped) {
  std::stop_source source;
  const auto rows = spool({{.type = ComparisonType::integer}}, {.cancelled = source.get_token()});
  for (std::int64_t i = 0; i < 20'000; ++i) rows->add({RawCell::of_integer(-i)});
  source.request_stop();
  EXPECT_THROW(all(*rows->sorted(1)), Cancelled);
}

}  // namespace
}  // namespace sluice::stores
