#include "suites/migration/rows/row_tamper.hpp"

#include <gmock/gmock.h>

namespace sluice::migration {
namespace {

using stores::ComparisonType;
using stores::RawCell;

std::string encoding(const RawCell& cell, ComparisonType type) {
  std::string out;
  stores::append_canonical(cell, {.type = type}, out);
  return out;
}

TEST(Tampering, MakesAnotherValueOfEveryType) {
  const std::vector<std::pair<ComparisonType, std::string_view>> values{
      {ComparisonType::boolean, "t"},
      {ComparisonType::integer, "9"},
      {ComparisonType::decimal, "19.99"},
      {ComparisonType::float8, "1e300"},
      {ComparisonType::text, ""},
      {ComparisonType::character, "ab  "},
      {ComparisonType::timestamp, "2026-12-31 23:59:59+00"},
      {ComparisonType::date, "2026-02-28"},
      {ComparisonType::uuid, "ffffffff-ffff-ffff-ffff-ffffffffffff"},
      {ComparisonType::json, "{\"a\":[]}"},
      {ComparisonType::exact, "x"}};
  for (const auto& [type, text] : values) {
    const auto other = altered(RawCell::of_text(text), {.type = type});
    EXPECT_NE(encoding(other.view(), type), encoding(RawCell::of_text(text), type)) << to_string(type);
    EXPECT_FALSE(stores::is_raw_encoding(encoding(other.view(), type))) << to_string(type);
    const auto from_null = altered(RawCell::of_null(), {.type = type});
    EXPECT_NE(encoding(from_null.view(), type), encoding(RawCell::of_null(), type)) << to_string(type);
  }
}

TEST(Tampering, ChangesALargeTextByOneCharacterOnly) {
  const std::string text = "a long text with the number 41 in it";
  EXPECT_EQ(altered(RawCell::of_text(text), {.type = ComparisonType::text}).bytes,
            "a long text with the number 42 in it");
}

}  // namespace
}  // namespace sluice::migration
