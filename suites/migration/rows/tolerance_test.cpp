#include "suites/migration/rows/tolerance.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "harness/core/errors.hpp"

namespace sluice::migration {
namespace {

using stores::ComparisonType;
using stores::RawCell;

bool allows(const char* tolerance, const RawCell& left, const RawCell& right, ComparisonType type) {
  const stores::ColumnRule rule{.type = type};
  const auto parsed = Tolerance::parse(tolerance);
  const bool forth = parsed.allows(left, rule, right, rule);
  EXPECT_EQ(forth, parsed.allows(right, rule, left, rule)) << "the sides are not alike";
  return forth;
}

bool allows(const char* tolerance, const char* left, const char* right, ComparisonType type = ComparisonType::decimal) {
  return allows(tolerance, RawCell::of_text(left), RawCell::of_text(right), type);
}

TEST(Tolerances, AreAmountsSharesOrTimes) {
  for (const char* text : {"0.01", "1e-9", "3", "0.1%", "100%", "1ms", "2us", "1h"}) {
    EXPECT_EQ(Tolerance::parse(text).text(), text);
  }
}

TEST(Tolerances, AreRefusedWhenTheyAreNoneOrTolerateNothing) {
  for (const char* text : {"", "NaN", "nan%", "inf", "infinity", "-0.01", "-1%", "0", "0.00", "0%", "0ms", "100ns",
                           "-1ms", "1 %", "%", "1%%", "0.01x", "1e9999"}) {
    EXPECT_THROW(Tolerance::parse(text), InputError) << text;
  }
}

TEST(Tolerances, FitTypesThatHaveADistance) {
  EXPECT_TRUE(Tolerance::parse("1").fits(ComparisonType::integer));
  EXPECT_TRUE(Tolerance::parse("1%").fits(ComparisonType::float4));
  EXPECT_TRUE(Tolerance::parse("1ms").fits(ComparisonType::timestamp));
  for (const auto type : {ComparisonType::text, ComparisonType::timestamp, ComparisonType::boolean,
                          ComparisonType::json, ComparisonType::exact, ComparisonType::uuid}) {
    EXPECT_FALSE(Tolerance::parse("1").fits(type)) << to_string(type);
  }
  EXPECT_FALSE(Tolerance::parse("1ms").fits(ComparisonType::decimal));
}

TEST(Tolerances, AllowExactlyWhatTheySay) {
  EXPECT_TRUE(allows("0.01", "1.00", "1.01"));
  EXPECT_FALSE(allows("0.01", "1.00", "1.0100000000000000000000001"));
  EXPECT_TRUE(allows("0.01", "-0.005", "0.005"));
  EXPECT_TRUE(allows("1", "123456789012345678901234567890", "123456789012345678901234567891"));
  EXPECT_FALSE(allows("1", "123456789012345678901234567890", "123456789012345678901234567892"));
  EXPECT_TRUE(allows("0.1", RawCell::of_real(0.1), RawCell::of_real(0.2), ComparisonType::float8));
}

TEST(Tolerances, TakeSharesOfTheLargerValue) {
  EXPECT_TRUE(allows("1%", "99", "100"));
  EXPECT_FALSE(allows("1%", "98.99", "100"));
  EXPECT_FALSE(allows("1%", "0", "1e-300"));
  EXPECT_TRUE(allows("100%", "0", "5"));
  EXPECT_FALSE(allows("100%", "-1", "1"));
  EXPECT_TRUE(allows("200%", "-1", "1"));
  EXPECT_TRUE(allows("0.1%", "1e300", "1.001e300"));
}

TEST(Tolerances, DoNotAllowWhatIsNoNumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  for (const auto& odd : {RawCell::of_null(), RawCell::of_text(""), RawCell::of_text("NaN"),
                          RawCell::of_text("Infinity"), RawCell::of_text("-Infinity"), RawCell::of_real(nan),
                          RawCell::of_real(infinity), RawCell::of_blob("1"), RawCell::of_text("1e999999999")}) {
    EXPECT_FALSE(allows("100%", odd, RawCell::of_text("1"), ComparisonType::float8)) << stores::printable_cell(odd);
    EXPECT_FALSE(allows("1e300", odd, RawCell::of_text("1"), ComparisonType::float8)) << stores::printable_cell(odd);
  }
}

// A fraction in a column of integers is damage, however small.
TEST(Tolerances, DoNotAllowWhatTheTypeCannotHold) {
  EXPECT_TRUE(allows("1", "7", "8", ComparisonType::integer));
  EXPECT_FALSE(allows("1", "7", "7.4", ComparisonType::integer));
  EXPECT_FALSE(allows("1", RawCell::of_integer(7), RawCell::of_real(7.4), ComparisonType::integer));
  EXPECT_FALSE(allows("1", "7", "007", ComparisonType::integer));
}

TEST(Tolerances, OfTimesHoldAcrossZones) {
  const auto time = ComparisonType::timestamp;
  EXPECT_TRUE(allows("1ms", "2026-07-01 12:00:00Z", "2026-07-01 14:00:00.001+02", time));
  EXPECT_FALSE(allows("1ms", "2026-07-01 12:00:00Z", "2026-07-01 14:00:00.001001+02", time));
  EXPECT_TRUE(allows("1s", RawCell::of_integer(-1), RawCell::of_text("1970-01-01 00:00:00Z"), time));
  EXPECT_TRUE(allows("1us", "2026-07-01 12:00:00.0000019Z", "2026-07-01 12:00:00Z", time));  // digits below are cut
}

TEST(Tolerances, OfTimesDoNotReachToInfinityOrToWhatIsNoTime) {
  const auto time = ComparisonType::timestamp;
  EXPECT_FALSE(allows("1000000h", "infinity", "infinity", time));
  EXPECT_FALSE(allows("1000000h", "-infinity", "2026-07-01 12:00:00Z", time));
  EXPECT_FALSE(allows("1000000h", "2026-02-30 12:00:00Z", "2026-02-28 12:00:00Z", time));
  EXPECT_FALSE(allows("1000000h", RawCell::of_null(), RawCell::of_text("2026-07-01"), time));
  EXPECT_FALSE(allows("1h", "289999-01-01 00:00:00Z", "4713-01-01 00:00:00Z BC", time));  // their distance has 65 bits
  const stores::ColumnRule berlin{.type = time, .zone = stores::TimeZone::load("Europe/Berlin")};
  const auto gap = RawCell::of_text("2026-03-29 02:30:00"), after = RawCell::of_text("2026-03-29 01:00:00Z");
  EXPECT_FALSE(Tolerance::parse("1h").allows(gap, berlin, after, berlin));
}

}  // namespace
}  // namespace sluice::migration
