#include "suites/migration/queries/invariant_comparison.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/core/errors.hpp"

namespace sluice::migration {
namespace {

using stores::ComparisonType;
using stores::RawCell;
using stores::SqlResult;
using ::testing::HasSubstr;

stores::ColumnDescription column(const std::string& name, ComparisonType type) {
  stores::ColumnDescription description{.name = name};
  description.type = type;
  return description;
}

SqlResult result(std::vector<stores::ColumnDescription> columns, const std::vector<std::vector<std::string>>& rows) {
  SqlResult made{.columns = std::move(columns)};
  for (const auto& row : rows) {
    stores::OwnedRow cells;
    for (const auto& text : row) cells.emplace_back(text == "NULL" ? RawCell::of_null() : RawCell::of_text(text));
    made.rows.push_back(std::move(cells));
  }
  made.total = rows.size();
  return made;
}

const std::vector<stores::ColumnDescription> by_session{column("session", ComparisonType::text),
                                                        column("amount", ComparisonType::decimal)};

std::string error_of(const SqlResult& old_result, const SqlResult& new_result, const ResultRules& rules) {
  try {
    compare_results(old_result, new_result, rules, 10);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(InvariantComparison, ReadsRepresentationsOfOneValueAsEqual) {
  const std::vector<stores::ColumnDescription> columns{column("n", ComparisonType::decimal),
                                                       column("t", ComparisonType::timestamp)};
  const auto comparison = compare_results(result(columns, {{"1.10", "2024-01-01 12:00:00+00"}}),
                                          result(columns, {{"1.1", "2024-01-01 14:00:00+02"}}), {}, 10);
  EXPECT_EQ(comparison.total, 0u);
  EXPECT_EQ(comparison.rows, 1u);
}

TEST(InvariantComparison, ComparesOneRowValueByValue) {
  const auto comparison =
      compare_results(result(by_session, {{"a", "1"}}), result(by_session, {{"a", "NULL"}}), {}, 10);
  ASSERT_EQ(comparison.total, 1u);
  EXPECT_EQ(comparison.sample[0].kind, ResultDifference::Kind::value);
  EXPECT_EQ(comparison.sample[0].column, "amount");
  EXPECT_EQ(comparison.sample[0].old_value, "1");
  EXPECT_EQ(comparison.sample[0].new_value, "NULL");
}

TEST(InvariantComparison, NamesTheRowByItsKey) {
  const auto comparison =
      compare_results(result(by_session, {{"a", "1"}, {"b", "2"}, {"c", "3"}}),
                      result(by_session, {{"b", "2.5"}, {"a", "1.0"}, {"d", "3"}}), {.key = {"session"}}, 10);
  ASSERT_EQ(comparison.total, 3u);
  EXPECT_EQ(comparison.sample[0].row, "session=b");
  EXPECT_EQ(comparison.sample[1].kind, ResultDifference::Kind::only_old);
  EXPECT_EQ(comparison.sample[1].old_value, "session=c, amount=3");
  EXPECT_EQ(comparison.sample[2].kind, ResultDifference::Kind::only_new);
}

TEST(InvariantComparison, CountsHowOftenARowIsThereWithoutAKey) {
  const auto comparison = compare_results(result(by_session, {{"a", "1"}, {"a", "1"}, {"b", "2"}}),
                                          result(by_session, {{"b", "2"}, {"a", "1"}, {"b", "2"}}), {}, 1);
  EXPECT_EQ(comparison.total, 2u);
  EXPECT_EQ(comparison.sample.size(), 1u);
}

TEST(InvariantComparison, KnowsWhenNothingWasSaid) {
  const auto none = result(by_session, {}), nulls = result(by_session, {{"NULL", "NULL"}});
  EXPECT_TRUE(says_nothing(none, none));
  EXPECT_TRUE(says_nothing(nulls, nulls));
  EXPECT_TRUE(says_nothing(none, nulls));
  EXPECT_FALSE(says_nothing(nulls, result(by_session, {{"NULL", "0"}})));
  EXPECT_FALSE(says_nothing(nulls, result(by_session, {{"NULL", "NULL"}, {"NULL", "NULL"}})));
}

TEST(InvariantComparison, RefusesTheSameColumnsInAnotherOrder) {
  const std::vector<stores::ColumnDescription> low_high{column("lo", ComparisonType::integer),
                                                        column("hi", ComparisonType::integer)};
  const std::vector<stores::ColumnDescription> high_low{column("HI", ComparisonType::integer),
                                                        column("lo", ComparisonType::integer)};
  const std::vector<stores::ColumnDescription> others{column("hi", ComparisonType::integer),
                                                      column("low", ComparisonType::integer)};
  EXPECT_THAT(error_of(result(low_high, {{"1", "2"}}), result(high_low, {{"1", "2"}}), {}),
              HasSubstr("returns the columns lo, hi, the new side's HI, lo; they are compared by position"));
  EXPECT_EQ(error_of(result(low_high, {{"1", "2"}}), result(others, {{"1", "2"}}), {}), "no error");
}

TEST(InvariantComparison, RefusesWhatCannotBeCompared) {
  const auto rows = result(by_session, {{"a", "1"}, {"a", "2"}});
  EXPECT_THAT(error_of(rows, rows, {.key = {"session"}}), HasSubstr("not unique"));
  EXPECT_THAT(error_of(rows, rows, {.key = {"sesion"}}), HasSubstr("did you mean session?"));
  EXPECT_THAT(error_of(rows, result({by_session[0]}, {}), {}), HasSubstr("2 columns"));
  const auto times = result({by_session[0], column("amount", ComparisonType::timestamp)}, {});
  EXPECT_THAT(error_of(rows, times, {}), HasSubstr("no common reading"));
  EXPECT_EQ(error_of(rows, times, {.types = {{"amount", "text"}}}), "no error");
}

}  // namespace
}  // namespace sluice::migration
