#include "suites/migration/rows/table_comparison.hpp"

#include <gmock/gmock.h>

#include <utility>

#include "suites/migration/testing/memory_store.hpp"

namespace sluice::migration {
namespace {

using stores::OwnedCell;
using stores::OwnedRow;
using stores::RawCell;

std::vector<OwnedRow> three_rows() {
  std::vector<OwnedRow> rows;
  for (const std::int64_t id : {1, 2, 3}) {
    rows.push_back({OwnedCell(RawCell::of_integer(id)), OwnedCell(RawCell::of_text("text"))});
  }
  return rows;
}

class Controls : public ::testing::Test {
 protected:
  PlantedResult plant() {
    const TableMapping mapping =
        map_table({.old_table = "t", .new_table = "t"}, old_store_.describe("t"), new_store_.describe("t"));
    const TableResult clean = compare_table(old_store_, new_store_, mapping, options_);
    EXPECT_EQ(clean.totals.matched, clean.totals.old_rows);
    return plant_violations(old_store_, new_store_, clean, options_);
  }
  testing::MemoryStore old_store_{three_rows()};
  testing::MemoryStore new_store_{three_rows()};
  ComparisonOptions options_{.reproduce = "sluice run plan.yaml", .seed = 7};
};

TEST_F(Controls, AreCaughtOnSoundSides) {
  const PlantedResult result = plant();
  EXPECT_TRUE(result.caught) << result.observed;
  EXPECT_THAT(result.planted,
              ::testing::AllOf(::testing::HasSubstr("s of one row of t altered"), ::testing::HasSubstr("dropped")));
}

TEST_F(Controls, AreNotCaughtWhenTheRowsCannotBeReadAgain) {
  new_store_.answer_again_with({});
  const PlantedResult result = plant();
  EXPECT_FALSE(result.caught);
  EXPECT_THAT(result.observed, ::testing::HasSubstr("could not be read again"));
}

TEST_F(Controls, AreNotCaughtWhenSomethingElseDiffersAsWell) {
  auto other = three_rows();
  for (auto& row : other) row[1].bytes = "something else";
  new_store_.answer_again_with(std::move(other));
  EXPECT_FALSE(plant().caught);
}

}  // namespace
}  // namespace sluice::migration
