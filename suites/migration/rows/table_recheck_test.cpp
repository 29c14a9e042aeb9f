#include "suites/migration/rows/table_recheck.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>

#include "suites/migration/rows/counterpart_key.hpp"
#include "suites/migration/testing/memory_store.hpp"

namespace sluice::migration {
namespace {

using stores::ComparisonType;
using stores::Engine;
using stores::OwnedCell;
using stores::OwnedRow;
using stores::RawCell;
using ::testing::ElementsAre;

std::vector<OwnedRow> numbered_rows(std::int64_t count) {
  std::vector<OwnedRow> rows;
  for (std::int64_t id = 1; id <= count; ++id) {
    rows.push_back({OwnedCell(RawCell::of_integer(id)), OwnedCell(RawCell::of_text("text"))});
  }
  return rows;
}

class Recheck : public ::testing::Test {
 protected:
  // A thousand rows, of which the first `different` are empty on the new side.
  void compare(std::int64_t rows, std::int64_t different) {
    auto other = numbered_rows(rows);
    for (std::int64_t i = 0; i < different; ++i) other[static_cast<std::size_t>(i)][1].bytes.clear();
    old_store_ = std::make_unique<testing::MemoryStore>(numbered_rows(rows));
    new_store_ = std::make_unique<testing::MemoryStore>(std::move(other));
    mapping_ = map_table({.old_table = "t", .new_table = "t"}, old_store_->describe("t"), new_store_->describe("t"));
    result_ = compare_table(*old_store_, *new_store_, mapping_, options_);
  }
  void again() { result_ = recompare_table(*old_store_, *new_store_, mapping_, result_, options_); }

  ComparisonOptions options_{.reproduce = "sluice run plan.yaml", .seed = 7, .rereading = {.wanted = true}};
  std::unique_ptr<testing::MemoryStore> old_store_;
  std::unique_ptr<testing::MemoryStore> new_store_;
  TableMapping mapping_;
  TableResult result_;
};

TEST_F(Recheck, ReadsOnlyTheRowsThatDiffered) {
  compare(1'000, 3);
  old_store_->answer_again_with(numbered_rows(3));
  new_store_->answer_again_with(numbered_rows(3));
  again();
  EXPECT_THAT(old_store_->scans(), ElementsAre(0, 3));
  EXPECT_THAT(new_store_->scans(), ElementsAre(0, 3));
  EXPECT_EQ(result_.totals, (MergeTotals{.old_rows = 1'000, .new_rows = 1'000, .matched = 1'000}));
  EXPECT_TRUE(result_.evidence->suspects()->empty());
  again();
  EXPECT_EQ(new_store_->scans().size(), 2) << "nothing is left to be read";
}

TEST_F(Recheck, ReadsManyRowsAFewAtATime) {
  compare(1'000, 450);
  again();
  EXPECT_THAT(new_store_->scans(), ElementsAre(0, 200, 200, 50));
}

TEST_F(Recheck, FindsWhatStaysDifferent) {
  compare(1'000, 2);
  auto same = numbered_rows(2);
  old_store_->answer_again_with(same);
  for (auto& row : same) row[1].bytes.clear();
  same[1][1].bytes = "on its way";
  new_store_->answer_again_with(same);
  again();
  EXPECT_EQ(result_.totals, (MergeTotals{.old_rows = 1'000, .new_rows = 1'000, .matched = 1'000, .changed = 1}));
  EXPECT_EQ(result_.evidence->unsettled(), 1);
  ASSERT_EQ(result_.evidence->findings().size(), 1);
  EXPECT_EQ(result_.evidence->findings()[0].where[1].second, "id=1");
}

TEST_F(Recheck, ReadsTheWholeTableWhenTooMuchDiffers) {
  compare(30'000, 20'001);
  again();
  EXPECT_THAT(new_store_->scans(), ElementsAre(0, 0));
  EXPECT_EQ(result_.rereading, "the whole table");
  EXPECT_EQ(result_.totals.changed, 20'001);
}

// How one key column is declared on both sides.
struct KeyColumns {
  stores::ColumnDescription old_column;
  stores::ColumnDescription new_column;
  ComparisonType type;
};

std::string new_key(const KeyColumns& columns, const RawCell& cell) {
  TableMapping mapping{.columns = {{.name = "k",
                                    .old_column = columns.old_column,
                                    .new_column = columns.new_column,
                                    .type = columns.type}},
                       .key_columns = 1};
  const auto key = counterpart_key(mapping, true, Engine::sqlite, Engine::postgres, {OwnedCell(cell)});
  return key ? stores::printable_cell(key->at(0).view()) : "unknown";
}

TEST(CounterpartKey, IsKnownWhereTheOtherSideHasOneSpelling) {
  const KeyColumns numbers{{.type = ComparisonType::integer},
                           {.declared = "smallint", .type = ComparisonType::integer, .base_type = "int2"},
                           ComparisonType::integer};
  EXPECT_EQ(new_key(numbers, RawCell::of_integer(7)), "7");
  EXPECT_EQ(new_key(numbers, RawCell::of_integer(70'000)), "unknown") << "the server would refuse the number";
  EXPECT_EQ(new_key(numbers, RawCell::of_text("seven")), "unknown");
  EXPECT_EQ(new_key(numbers, RawCell::of_null()), "unknown");
  const KeyColumns texts{{.type = ComparisonType::text},
                         {.declared = "text", .type = ComparisonType::text, .base_type = "text"},
                         ComparisonType::text};
  EXPECT_EQ(new_key(texts, RawCell::of_text("it's")), "it's");
  EXPECT_EQ(new_key(texts, RawCell::of_text(std::string_view("a\0b", 3))), "unknown");
  EXPECT_EQ(new_key(texts, RawCell::of_text("\xff")), "unknown");
  const KeyColumns uuids{{.type = ComparisonType::text},
                         {.declared = "uuid", .type = ComparisonType::uuid, .base_type = "uuid"},
                         ComparisonType::uuid};
  EXPECT_EQ(new_key(uuids, RawCell::of_text("0F8FAD5B-d9cb-469f-a165-70867728950e")),
            "0F8FAD5B-d9cb-469f-a165-70867728950e");
  EXPECT_EQ(new_key(uuids, RawCell::of_text("none")), "unknown");
  const KeyColumns domains{{.type = ComparisonType::integer},
                           {.declared = "positive", .type = ComparisonType::integer, .base_type = "int4"},
                           ComparisonType::integer};
  EXPECT_EQ(new_key(domains, RawCell::of_integer(-1)), "unknown") << "a domain may refuse what its type allows";
}

}  // namespace
}  // namespace sluice::migration
