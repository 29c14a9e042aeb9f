#include "harness/stores/canonical.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace sluice::stores {
namespace {

using enum ComparisonType;

std::string encoded(const RawCell& cell, ComparisonType type) {
  std::string out;
  append_canonical(cell, {.type = type}, out);
  return out;
}
std::string encoded(std::string_view text, ComparisonType type) { return encoded(RawCell::of_text(text), type); }

Hazard hazard_of(const RawCell& cell, const ColumnRule& rule) {
  std::string out;
  return append_canonical(cell, rule, out);
}

TEST(Canonical, NullEqualsNoTextThatLooksLikeIt) {
  for (const std::string_view text : {"", " ", "NULL", "<null>", "\\N"}) {
    EXPECT_NE(encoded(RawCell::of_null(), ComparisonType::text), encoded(text, ComparisonType::text)) << text;
  }
  EXPECT_NE(encoded(RawCell::of_null(), json), encoded("null", json));
  EXPECT_NE(encoded(RawCell::of_null(), json), encoded("{}", json));
}

TEST(Canonical, ReadsDecimalsWithoutTheirScale) {
  EXPECT_EQ(encoded("1.10", decimal), encoded("1.1", decimal));
  EXPECT_EQ(encoded("100.0", decimal), encoded("1e2", decimal));
  EXPECT_EQ(encoded("-0.00", decimal), encoded(RawCell::of_integer(0), decimal));
  EXPECT_NE(encoded("123456789012345678.12", decimal), encoded("123456789012345680", decimal));
  EXPECT_EQ(encoded(RawCell::of_real(0.1), decimal), encoded("0.1", decimal));
  EXPECT_NE(encoded(RawCell::of_real(0.1 + 0.2), decimal), encoded("0.3", decimal));
}

TEST(Canonical, SortsDecimalsAsNumbers) {
  const std::vector<std::string_view> ascending{"-Infinity", "-1000", "-100.5", "-100", "-12.5",    "-12", "-0.003",
                                                "-0.001",    "0",     "0.001",  "0.01", "1",        "1.5", "1.51",
                                                "12",        "100",   "1e30",   "1e31", "Infinity", "NaN"};
  for (std::size_t i = 1; i < ascending.size(); ++i) {
    EXPECT_LT(encoded(ascending[i - 1], decimal), encoded(ascending[i], decimal)) << ascending[i];
  }
}

TEST(Canonical, SortsIntegersAndFloatsAsNumbers) {
  const std::vector<std::int64_t> integers{std::numeric_limits<std::int64_t>::min(), -256, -1, 0, 1, 255, 256,
                                           std::numeric_limits<std::int64_t>::max()};
  for (std::size_t i = 1; i < integers.size(); ++i) {
    EXPECT_LT(encoded(RawCell::of_integer(integers[i - 1]), integer),
              encoded(RawCell::of_integer(integers[i]), integer));
  }
  const std::vector<double> doubles{-INFINITY, -1e300, -1.5, -1e-300, 0, 1e-300, 1.5, 1e300, INFINITY, NAN};
  for (std::size_t i = 1; i < doubles.size(); ++i) {
    EXPECT_LT(encoded(RawCell::of_real(doubles[i - 1]), float8), encoded(RawCell::of_real(doubles[i]), float8));
  }
}

TEST(Canonical, TakesFloatsByTheirBits) {
  EXPECT_EQ(encoded(RawCell::of_real(0.1 + 0.2), float8), encoded("0.30000000000000004", float8));
  EXPECT_NE(encoded(RawCell::of_real(0.1 + 0.2), float8), encoded("0.3", float8));
  EXPECT_EQ(encoded(RawCell::of_real(-0.0), float8), encoded("0", float8));
  EXPECT_EQ(encoded(RawCell::of_real(-NAN), float8), encoded("NaN", float8));
  EXPECT_EQ(encoded(RawCell::of_real(0.1), float4), encoded("0.1", float4));
}

TEST(Canonical, KeepsA32BitFloatApartFromTheDoubleItWasMadeOf) {
  std::string single, full;
  append_canonical(RawCell::of_text("0.1"), {.type = float8, .single_precision = true}, single);
  append_canonical(RawCell::of_real(0.1), {.type = float8}, full);
  EXPECT_NE(single, full);
}

TEST(Canonical, RefusesIntegersThatWouldLoseSomething) {
  for (const std::string_view text : {"00501", "+7", " 7", "7.0", "", "9223372036854775808", "abc"}) {
    EXPECT_EQ(hazard_of(RawCell::of_text(text), {.type = integer}), Hazard::not_representable) << text;
    EXPECT_TRUE(is_raw_encoding(encoded(text, integer))) << text;
  }
  EXPECT_EQ(hazard_of(RawCell::of_real(1.5), {.type = integer}), Hazard::not_representable);
  EXPECT_EQ(encoded("-7", integer), encoded(RawCell::of_integer(-7), integer));
}

TEST(Canonical, KeepsUnreadableValuesApartFromEverythingElse) {
  EXPECT_NE(encoded("abc", integer), encoded(RawCell::of_blob("abc"), integer));
  EXPECT_NE(encoded("abc", integer), encoded("abd", integer));
  EXPECT_LT(encoded(RawCell::of_integer(std::numeric_limits<std::int64_t>::max()), integer), encoded("abc", integer));
}

TEST(Canonical, SeesTheSameInstantInDifferentOffsets) {
  EXPECT_EQ(encoded("2026-03-29 12:00:00+00", timestamp), encoded("2026-03-29T14:00:00.000+02:00", timestamp));
  EXPECT_EQ(encoded("2026-03-29 12:00:00", timestamp), encoded("2026-03-29T12:00:00Z", timestamp));
  EXPECT_NE(encoded("2026-03-29 12:00:00", timestamp), encoded("2026-03-29 13:00:00", timestamp));
  EXPECT_EQ(encoded(RawCell::of_integer(0), timestamp), encoded("1970-01-01 00:00:00+00", timestamp));
}

TEST(Canonical, ReadsUuidsInEveryUsualForm) {
  const std::string_view usual = "0188d0d4-7c1f-7abc-8def-0123456789ab";
  EXPECT_EQ(encoded(usual, uuid), encoded("0188D0D4-7C1F-7ABC-8DEF-0123456789AB", uuid));
  EXPECT_EQ(encoded(usual, uuid), encoded("{0188d0d4-7c1f-7abc-8def-0123456789ab}", uuid));
  EXPECT_EQ(encoded(usual, uuid), encoded("0188d0d47c1f7abc8def0123456789ab", uuid));
  EXPECT_EQ(encoded(usual, uuid), encoded(RawCell::of_blob(std::string_view(
                                              "\x01\x88\xd0\xd4\x7c\x1f\x7a\xbc\x8d\xef\x01\x23\x45\x67\x89\xab", 16)),
                                          uuid));
  EXPECT_TRUE(is_raw_encoding(encoded("0188d0d4-7c1f-7abc-8def-0123456789ag", uuid)));
}

TEST(Canonical, ReadsJsonWithoutOrderAndScale) {
  EXPECT_EQ(encoded(R"({"b": 1.10, "a": [1e2]})", json), encoded(R"({"a":[100],"b":1.1})", json));
  EXPECT_NE(encoded(R"({"a": "1"})", json), encoded(R"({"a": 1})", json));
  EXPECT_EQ(hazard_of(RawCell::of_text(R"([{"a": 1, "a": 2}])"), {.type = json}), Hazard::duplicate_names);
  EXPECT_EQ(hazard_of(RawCell::of_text("{"), {.type = json}), Hazard::not_representable);
}

TEST(Canonical, DropsBlanksOfCharNOnly) {
  EXPECT_EQ(encoded("ab  ", character), encoded("ab", character));
  EXPECT_NE(encoded(" ab", character), encoded("ab", character));
  EXPECT_NE(encoded("ab  ", ComparisonType::text), encoded("ab", ComparisonType::text));
}

TEST(Canonical, NamesWhatIsWrongWithText) {
  using namespace std::string_view_literals;
  EXPECT_EQ(hazard_of(RawCell::of_text("a\0b"sv), {.type = ComparisonType::text}), Hazard::nul_character);
  EXPECT_EQ(hazard_of(RawCell::of_text("a long text and then \xff"), {.type = ComparisonType::text}),
            Hazard::invalid_utf8);
  EXPECT_EQ(hazard_of(RawCell::of_text("größer als gedacht"), {.type = ComparisonType::text}), Hazard::none);
  EXPECT_NE(encoded("a\0b"sv, ComparisonType::text), encoded("a", ComparisonType::text));
  EXPECT_NE(encoded("e\xCC\x81", ComparisonType::text), encoded("\xC3\xA9", ComparisonType::text));  // NFD, NFC
}

TEST(Canonical, WarnsOfADoubleInAColumnDeclaredExact) {
  const ColumnRule rule{.type = decimal, .warn_inexact = true};
  EXPECT_EQ(hazard_of(RawCell::of_real(123456789012345678.12), rule), Hazard::inexact_number);
  EXPECT_EQ(hazard_of(RawCell::of_real(19.99), rule), Hazard::none);
  EXPECT_EQ(hazard_of(RawCell::of_integer(123456789012345680), rule), Hazard::inexact_number);
  EXPECT_EQ(hazard_of(RawCell::of_integer(123456789012345678), rule), Hazard::none);
  EXPECT_EQ(hazard_of(RawCell::of_integer(std::numeric_limits<std::int64_t>::max()), rule), Hazard::none);
}

TEST(CanonicalRow, HasNoSeparatorThatAValueCouldContain) {
  const std::vector<ColumnRule> rules{{.type = ComparisonType::text}, {.type = ComparisonType::text}};
  const auto ignore = [](std::size_t, Hazard) {};
  CanonicalRow left, right;
  left.encode({RawCell::of_text("x|y"), RawCell::of_text("z")}, rules, ignore);
  right.encode({RawCell::of_text("x"), RawCell::of_text("y|z")}, rules, ignore);
  EXPECT_FALSE(left == right);
  left.encode({RawCell::of_text("1"), RawCell::of_text("11")}, rules, ignore);
  right.encode({RawCell::of_text("11"), RawCell::of_text("1")}, rules, ignore);
  EXPECT_FALSE(left == right);
  EXPECT_LT(left.compare_prefix(right, 2), 0);
}

}  // namespace
}  // namespace sluice::stores
