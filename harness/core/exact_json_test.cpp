#include "harness/core/exact_json.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

std::string canonical_of(std::string_view text) {
  const auto parsed = parse_exact_json(text);
  EXPECT_TRUE(parsed.value.has_value()) << parsed.error;
  return parsed.value ? parsed.value->canonical() : "";
}

TEST(ExactJson, TellsBigIntegersApartThatADoubleCannot) {
  EXPECT_NE(canonical_of("9007199254740993"), canonical_of("9007199254740992"));
  EXPECT_NE(canonical_of("12345678901234567890123"), canonical_of("12345678901234567890124"));
}

TEST(ExactJson, TakesDifferentSpellingsOfOneNumberAsEqual) {
  EXPECT_EQ(canonical_of("1.10"), canonical_of("1.1"));
  EXPECT_EQ(canonical_of("100.0"), canonical_of("1e2"));
  EXPECT_EQ(canonical_of("-0"), canonical_of("0.000"));
  EXPECT_EQ(canonical_of("120e-1"), canonical_of("12"));
}

TEST(ExactJson, KeepsNumbersAsWritten) { EXPECT_EQ(parse_exact_json("[1.10,1E2]").value->dump(), "[1.10,1E2]"); }

TEST(ExactJson, KeepsNumbersBeyondEveryDouble) {
  const std::string text = R"([1e400, {"1e400": -2.5E-99999, "\\\"": 7}, 1e5000])";
  EXPECT_EQ(parse_exact_json(text).value->dump(), R"([1e400,{"1e400":-2.5E-99999,"\\\"":7},1e5000])");
  EXPECT_EQ(parse_exact_json("1e400").value->canonical(), parse_exact_json("10.0E399").value->canonical());
  EXPECT_NE(parse_exact_json("1e400").value->canonical(), parse_exact_json("1e401").value->canonical());
  for (const char* wrong : {"[1e400", "1e400-2", "[1e400 01]", "[1e400, +1]", "{\"a\": 1e400, \"b\": .5}", "1e400x"}) {
    EXPECT_FALSE(parse_exact_json(wrong).value.has_value()) << wrong;
  }
}

TEST(ExactJson, SortsMembersAndKeepsArraysInOrder) {
  EXPECT_EQ(canonical_of(R"({"b":1,"a":[2,1]})"), R"({"a":[2,1],"b":1})");
}

TEST(ExactJson, ToldApartMissingNullAndEmpty) {
  EXPECT_NE(canonical_of(R"({"a":null})"), canonical_of("{}"));
  EXPECT_NE(canonical_of(R"({"a":""})"), canonical_of(R"({"a":null})"));
}

TEST(ExactJson, NoticesDuplicateNamesAndTakesTheLast) {
  const auto parsed = parse_exact_json(R"({"a":1,"a":2})");
  ASSERT_TRUE(parsed.value);
  EXPECT_TRUE(parsed.value->has_duplicate_names());
  EXPECT_EQ(parsed.value->find("a")->text(), "2");
  EXPECT_EQ(parsed.value->canonical(), R"({"a":2})");
}

TEST(ExactJson, FollowsPointersWithEscapesAndIndices) {
  const auto parsed = parse_exact_json(R"({"a/b":[{"c~d":7}]})");
  ASSERT_TRUE(parsed.value);
  ASSERT_NE(parsed.value->at_pointer("/a~1b/0/c~0d"), nullptr);
  EXPECT_EQ(parsed.value->at_pointer("/a~1b/0/c~0d")->text(), "7");
  EXPECT_EQ(parsed.value->at_pointer("/a~1b/1"), nullptr);
  EXPECT_EQ(parsed.value->at_pointer("/a~1b/x"), nullptr);
  EXPECT_EQ(parsed.value->at_pointer("nonsense"), nullptr);
}

TEST(ExactJson, SaysWhereTextIsNotJson) {
  const auto parsed = parse_exact_json(R"({"a": tru})");
  EXPECT_FALSE(parsed.value);
  EXPECT_NE(parsed.error.find("not JSON at byte"), std::string::npos) << parsed.error;
}

TEST(ExactJson, RefusesTrailingTextAndInvalidUtf8) {
  EXPECT_FALSE(parse_exact_json("1 2").value);
  EXPECT_FALSE(parse_exact_json("\"\xC3\x28\"").value);
  EXPECT_FALSE(parse_exact_json("").value);
}

TEST(ExactJson, BoundsDepthSizeAndCount) {
  const std::string deep(300, '[');
  EXPECT_EQ(parse_exact_json(deep).error, "nested deeper than 256");
  EXPECT_EQ(parse_exact_json("[1,2,3]", {.bytes = 100, .depth = 4, .values = 3}).error, "more than 3 values");
  EXPECT_EQ(parse_exact_json("[1,2,3]", {.bytes = 3, .depth = 4, .values = 3}).error, "larger than 3 bytes");
}

TEST(Decimal, RefusesWhatIsNotANumber) {
  for (const char* text : {"", "-", ".", "1e", "1e99999999999999999", "0x10", "1 ", "NaN", "--1"}) {
    EXPECT_FALSE(canonical_decimal(text).has_value()) << text;
  }
}

TEST(Decimal, KeepsSignAndExponent) {
  EXPECT_EQ(canonical_decimal("-12.30e1"), "-123");
  EXPECT_EQ(canonical_decimal("0.00120"), "12e-4");
  EXPECT_EQ(canonical_decimal("+5000"), "5e3");
}

}  // namespace
}  // namespace sluice
