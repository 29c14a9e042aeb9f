#include "harness/stores/zone_rule.hpp"

#include <gmock/gmock.h>

#include "harness/stores/instant.hpp"
#include "harness/stores/time_zone.hpp"

namespace sluice::stores {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

std::int64_t utc(const char* text) {
  const Instant instant = parse_timestamp(text, nullptr);
  EXPECT_EQ(instant.reading, Instant::Reading::good) << text;
  return instant.microseconds / 1'000'000;
}

TEST(ZoneRules, SayWhenSummerBeginsAndEnds) {
  const auto rule = ZoneRule::parse("CET-1CEST,M3.5.0,M10.5.0/3");
  ASSERT_TRUE(rule);
  EXPECT_THAT(rule->changes_in(2026),
              ElementsAre(Pair(utc("2026-03-29 01:00:00"), 7200), Pair(utc("2026-10-25 01:00:00"), 3600)));
}

TEST(ZoneRules, GiveTheEarlierChangeFirstInTheSouth) {
  const auto rule = ZoneRule::parse("AEST-10AEDT,M10.1.0,M4.1.0/3");
  ASSERT_TRUE(rule);
  EXPECT_THAT(rule->changes_in(2026),
              ElementsAre(Pair(utc("2026-04-04 16:00:00"), 36'000), Pair(utc("2026-10-03 16:00:00"), 39'600)));
}

TEST(ZoneRules, MayHaveOffsetsAndTimesOfHalfHoursAndNamesInBrackets) {
  const auto lord_howe = ZoneRule::parse("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0");
  ASSERT_TRUE(lord_howe);
  EXPECT_THAT(lord_howe->changes_in(2026),
              ElementsAre(Pair(utc("2026-04-04 15:00:00"), 37'800), Pair(utc("2026-10-03 15:30:00"), 39'600)));
}

// Greenland changes on Saturday evening, Jerusalem 26 hours into a Thursday: RFC 8536, 3.3.1.
TEST(ZoneRules, MayCountBeforeMidnightAndBeyondADay) {
  const auto nuuk = ZoneRule::parse("<-02>2<-01>,M3.5.0/-1,M10.5.0/0");
  ASSERT_TRUE(nuuk);
  EXPECT_THAT(nuuk->changes_in(2026),
              ElementsAre(Pair(utc("2026-03-29 01:00:00"), -3600), Pair(utc("2026-10-25 01:00:00"), -7200)));
  const auto jerusalem = ZoneRule::parse("IST-2IDT,M3.4.4/26,M10.5.0");
  ASSERT_TRUE(jerusalem);
  EXPECT_EQ(jerusalem->changes_in(2026).front().first, utc("2026-03-27 00:00:00"));
}

TEST(ZoneRules, CountDaysWithAndWithoutTheLeapDay) {
  const auto without = ZoneRule::parse("AAA0BBB,J60/0,J300/0");
  ASSERT_TRUE(without);
  EXPECT_EQ(without->changes_in(2023).front().first, utc("2023-03-01"));
  EXPECT_EQ(without->changes_in(2024).front().first, utc("2024-03-01"));
  const auto with = ZoneRule::parse("AAA0BBB,59/0,300/0");
  ASSERT_TRUE(with);
  EXPECT_EQ(with->changes_in(2023).front().first, utc("2023-03-01"));
  EXPECT_EQ(with->changes_in(2024).front().first, utc("2024-02-29"));
}

TEST(ZoneRules, TakeTheLastWeekdayOfAMonthForTheFifth) {
  const auto rule = ZoneRule::parse("AAA0BBB,M2.5.0/0,M5.1.0/0");
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->changes_in(2026).front().first, utc("2026-02-22"));  // its fourth
  EXPECT_EQ(rule->changes_in(2032).front().first, utc("2032-02-29"));  // its fifth
}

TEST(ZoneRules, AreRefusedWhenAnythingOfThemIsNotUnderstood) {
  for (const char* text : {"", "CET-1", "CET-1CEST", "CE-1CEST,M3.5.0,M10.5.0", "CET-1CEST,M3.5.0",
                           "CET-1CEST,M3.5.0,M10.5.0x", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
                           "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M0.5.0,M10.5.0", "CET-1CEST,M3.0.0,M10.5.0",
                           "CET-1CEST,J0,J300", "CET-1CEST,J366,J300", "CET-1CEST,366,300", "CETCEST,M3.5.0,M10.5.0",
                           "<+01-1CEST,M3.5.0,M10.5.0", "CET-1CEST,M3.5.0/,M10.5.0", "CET-1CEST,M3..0,M10.5.0"}) {
    EXPECT_FALSE(ZoneRule::parse(text)) << text;
  }
}

// What the rule says of a year must hold at the very seconds around its changes.
TEST(ZonesWithARule, SkipTheGapAndHaveTwoAnswersInTheOverlapLongAfterTheirTable) {
  const auto berlin = TimeZone::load("Europe/Berlin");
  for (const int year : {2027, 2200, 2499, 9999}) {
    const auto rule = ZoneRule::parse("CET-1CEST,M3.5.0,M10.5.0/3");
    const auto changes = rule->changes_in(year);
    const std::int64_t spring = changes[0].first, autumn = changes[1].first;
    EXPECT_EQ(berlin->to_utc(spring + 3600 - 1), spring - 1) << year;
    EXPECT_EQ(berlin->to_utc(spring + 3600), std::nullopt) << year;
    EXPECT_EQ(berlin->to_utc(spring + 7200 - 1), std::nullopt) << year;
    EXPECT_EQ(berlin->to_utc(spring + 7200), spring) << year;
    EXPECT_EQ(berlin->to_utc(autumn + 3600 - 1), autumn - 3601) << year;
    EXPECT_EQ(berlin->to_utc(autumn + 3600), std::nullopt) << year;
    EXPECT_EQ(berlin->to_utc(autumn + 7200 - 1), std::nullopt) << year;
    EXPECT_EQ(berlin->to_utc(autumn + 7200), autumn + 3600) << year;
  }
}

TEST(ZonesWithARule, KnowTheTimeBeforeTheirTable) {
  const auto berlin = TimeZone::load("Europe/Berlin");
  EXPECT_EQ(berlin->to_utc(utc("1492-10-12 12:00:00")), utc("1492-10-12 12:00:00") - 3208);  // the sun over Berlin
}

}  // namespace
}  // namespace sluice::stores
