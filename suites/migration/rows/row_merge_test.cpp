#include "suites/migration/rows/row_merge.hpp"

#include <gmock/gmock.h>

#include "harness/core/errors.hpp"
#include "suites/migration/testing/memory_cursor.hpp"

namespace sluice::migration {
namespace {

using stores::ComparisonType;
using stores::OwnedCell;
using stores::OwnedRow;
using stores::RawCell;
using stores::RawRow;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MemoryCursor;

OwnedRow row(std::int64_t id, std::string_view text) {
  return {OwnedCell(RawCell::of_integer(id)), OwnedCell(RawCell::of_text(text))};
}

class Recorder final : public MergeObserver {
 public:
  void matched(const RawRow& old_row, const RawRow&) override { note("=", old_row); }
  void changed(const RawRow& old_row, const RawRow& new_row, std::span<const std::size_t> columns) override {
    for (const auto column : columns) {
      differences.push_back("~" + key(old_row) + " column " + std::to_string(column) + ": " +
                            stores::printable_cell(old_row[column]) + " -> " + stores::printable_cell(new_row[column]));
    }
  }
  void tolerated(const RawRow& old_row, const RawRow&, std::size_t column) override {
    differences.push_back("~" + key(old_row) + ":" + std::to_string(column));
  }
  void missing(const RawRow& old_row) override { differences.push_back("-" + key(old_row)); }
  void extra(const RawRow& new_row) override { differences.push_back("+" + key(new_row)); }
  void hazard(std::size_t column, stores::Hazard, const RawRow& old_row) override {
    hazards.push_back(key(old_row) + " column " + std::to_string(column));
  }
  void null_key(const RawRow&) override { hazards.emplace_back("null key"); }

  std::vector<std::string> differences, hazards, matches;

 private:
  static std::string key(const RawRow& row) { return stores::printable_cell(row[0]); }
  void note(const char* sign, const RawRow& row) { matches.push_back(sign + key(row)); }
};

MergeSpec spec(ComparisonType type = ComparisonType::text) {
  return {.old_table = "old.t",
          .new_table = "new.t",
          .columns = {{.old_name = "id",
                       .new_name = "id",
                       .old_rule = {ComparisonType::integer},
                       .new_rule = {ComparisonType::integer}},
                      {.old_name = "body", .new_name = "body", .old_rule = {type}, .new_rule = {type}}},
          .key_columns = 1};
}

MergeTotals merge(std::vector<OwnedRow> old_rows, std::vector<OwnedRow> new_rows, Recorder& recorder,
                  const MergeSpec& how = spec()) {
  MemoryCursor old_cursor(std::move(old_rows)), new_cursor(std::move(new_rows));
  return merge_rows(old_cursor, new_cursor, how, recorder);
}

TEST(RowMerge, FindsNothingBetweenEqualSides) {
  Recorder recorder;
  const auto totals = merge({row(1, "a"), row(2, "b")}, {row(1, "a"), row(2, "b")}, recorder);
  EXPECT_EQ(totals, (MergeTotals{.old_rows = 2, .new_rows = 2, .matched = 2}));
  EXPECT_THAT(recorder.differences, IsEmpty());
  EXPECT_THAT(recorder.matches, ElementsAre("=1", "=2"));
}

TEST(RowMerge, NamesTheColumnThatChanged) {
  Recorder recorder;
  const auto totals = merge({row(1, "a"), row(2, "b")}, {row(1, "a"), row(2, "B")}, recorder);
  EXPECT_EQ(totals.changed, 1u);
  EXPECT_THAT(recorder.differences, ElementsAre("~2 column 1: b -> B"));
}

TEST(RowMerge, TellsMissingFromExtraAtBothEndsAndBetween) {
  Recorder recorder;
  const auto totals = merge({row(1, ""), row(3, ""), row(5, ""), row(6, "")},
                            {row(0, ""), row(3, ""), row(4, ""), row(6, ""), row(7, "")}, recorder);
  EXPECT_EQ(totals, (MergeTotals{.old_rows = 4, .new_rows = 5, .matched = 2, .missing = 2, .extra = 3}));
  EXPECT_THAT(recorder.differences, ElementsAre("+0", "-1", "+4", "-5", "+7"));
}

TEST(RowMerge, SeesSwappedValuesThatEveryCountAndSumWouldMiss) {
  Recorder recorder;
  merge({row(1, "a"), row(2, "b")}, {row(1, "b"), row(2, "a")}, recorder);
  EXPECT_THAT(recorder.differences, ElementsAre("~1 column 1: a -> b", "~2 column 1: b -> a"));
}

TEST(RowMerge, RefusesAKeyThatComesTwice) {
  Recorder recorder;
  try {
    merge({row(1, "a"), row(2, "b"), row(2, "c")}, {row(1, "a")}, recorder);
    FAIL() << "was accepted";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("old.t"), HasSubstr("not unique"), HasSubstr("id=2")));
  }
}

TEST(RowMerge, RefusesASideThatIsNotInKeyOrderAndNamesBothKeys) {
  Recorder recorder;
  try {
    merge({row(1, "a")}, {row(10, "a"), row(9, "b")}, recorder);
    FAIL() << "was accepted";
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("new.t"), HasSubstr("id=9 comes right after id=10")));
  }
}

TEST(RowMerge, NeverMatchesNullKeys) {
  Recorder recorder;
  const OwnedRow null_row{OwnedCell(RawCell::of_null()), OwnedCell(RawCell::of_text("x"))};
  const auto totals = merge({null_row, null_row, row(1, "a")}, {null_row, row(1, "a")}, recorder);
  EXPECT_EQ(totals, (MergeTotals{.old_rows = 3, .new_rows = 2, .matched = 1, .missing = 2, .extra = 1}));
  EXPECT_THAT(recorder.hazards, ElementsAre("null key", "null key"));
}

TEST(RowMerge, ReportsHazardsOfTheOldSideOnly) {
  Recorder recorder;
  merge({row(1, "not a uuid")}, {row(1, "not a uuid either")}, recorder, spec(ComparisonType::uuid));
  EXPECT_THAT(recorder.hazards, ElementsAre("1 column 1"));
  EXPECT_THAT(recorder.differences, ElementsAre("~1 column 1: not a uuid -> not a uuid either"));
}

TEST(RowMerge, StopsWhenItsProgressIsToldTo) {
  Recorder recorder;
  MergeSpec how = spec();
  how.on_progress = [](std::uint64_t) { throw Cancelled(); };
  EXPECT_THROW(merge({row(1, "a")}, {row(1, "a")}, recorder, how), Cancelled);
}

TEST(RowMerge, RefusesRowsOfAnotherWidth) {
  Recorder recorder;
  EXPECT_THROW(merge({{OwnedCell(RawCell::of_integer(1))}}, {}, recorder), EnvironmentError);
}

}  // namespace
}  // namespace sluice::migration
