#include "harness/stores/comparison_type.hpp"

#include <gmock/gmock.h>

namespace sluice::stores {
namespace {

using enum ComparisonType;

TEST(ComparisonTypes, TakeTheMoreSpecificSide) {
  EXPECT_EQ(common_type(text, uuid), uuid);
  EXPECT_EQ(common_type(timestamp, text), timestamp);
  EXPECT_EQ(common_type(integer, boolean), boolean);
  EXPECT_EQ(common_type(integer, decimal), decimal);
  EXPECT_EQ(common_type(text, character), character);
  EXPECT_EQ(common_type(exact, json), json);
  EXPECT_EQ(common_type(json, json), json);
}

TEST(ComparisonTypes, ReadAnIntegerBesideAFloatExactly) { EXPECT_EQ(common_type(integer, float8), decimal); }

TEST(ComparisonTypes, ReadTextAndUndeclaredColumnsBesideAFloatExactly) {
  for (const auto type : {float4, float8}) {
    EXPECT_EQ(common_type(text, type), decimal);
    EXPECT_EQ(common_type(type, exact), decimal);
  }
  EXPECT_EQ(common_type(float4, float8), float8);
  EXPECT_EQ(common_type(float4, float4), float4);
}

TEST(ComparisonTypes, LeaveFractionsBesideATimestampToThePlan) {
  for (const auto type : {float4, float8, decimal}) EXPECT_EQ(common_type(type, timestamp), std::nullopt);
  EXPECT_EQ(common_type(integer, timestamp), timestamp);
}

TEST(ComparisonTypes, HaveNoCommonReadingOfUnrelatedTypes) {
  EXPECT_EQ(common_type(integer, uuid), std::nullopt);
  EXPECT_EQ(common_type(json, timestamp), std::nullopt);
  EXPECT_EQ(common_type(date, boolean), std::nullopt);
}

TEST(ComparisonTypes, KnowWhatSqliteDeclares) {
  EXPECT_EQ(sqlite_type("INTEGER"), integer);
  EXPECT_EQ(sqlite_type("bigint unsigned"), integer);
  EXPECT_EQ(sqlite_type("VARCHAR(40)"), text);
  EXPECT_EQ(sqlite_type("DECIMAL(20,2)"), decimal);
  EXPECT_EQ(sqlite_type("datetime"), timestamp);
  EXPECT_EQ(sqlite_type("DOUBLE PRECISION"), float8);
  EXPECT_EQ(sqlite_type("BLOB"), bytes);
  EXPECT_EQ(sqlite_type("Boolean"), boolean);
  EXPECT_EQ(sqlite_type(""), exact);
}

TEST(ComparisonTypes, KeepTheirNames) {
  for (const auto& name : comparison_type_names()) {
    const auto type = parse_comparison_type(name);
    ASSERT_TRUE(type.has_value());
    EXPECT_EQ(to_string(*type), name);
  }
  EXPECT_EQ(parse_comparison_type("int"), std::nullopt);
}

}  // namespace
}  // namespace sluice::stores
