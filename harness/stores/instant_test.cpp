#include "harness/stores/instant.hpp"

#include <gmock/gmock.h>

#include <limits>

#include "harness/core/errors.hpp"

namespace sluice::stores {
namespace {

using Reading = Instant::Reading;

TEST(Timestamps, AreReadInTheFormsOfBothEngines) {
  EXPECT_EQ(parse_timestamp("1970-01-01", nullptr).microseconds, 0);
  EXPECT_EQ(parse_timestamp("1970-01-02T00:00", nullptr).microseconds, 86'400'000'000);
  EXPECT_EQ(parse_timestamp("1970-01-01 00:00:00.5+00", nullptr).microseconds, 500'000);
  EXPECT_EQ(parse_timestamp("1970-01-01 00:00:00.000001000Z", nullptr).microseconds, 1);
  EXPECT_EQ(parse_timestamp("1969-12-31 23:30:00-00:30", nullptr).microseconds, 0);
  EXPECT_EQ(parse_timestamp("2000-02-29 00:00:00", nullptr).microseconds, 951'782'400'000'000);
  EXPECT_EQ(parse_timestamp("0001-01-01 00:00:00+00 BC", nullptr).microseconds, -62'167'219'200'000'000);
}

TEST(Timestamps, RefuseWhatTheCalendarDoesNotHave) {
  for (const char* text : {"2026-02-30 10:00", "2026-13-01", "2026-01-01 24:00:00", "2026-01-01 10:60", "yesterday", "",
                           "2026-1-1", "2026-01-01 10:00:00 Mars", "2026-01-01 10:00:00.", "2026-01-01x"}) {
    EXPECT_EQ(parse_timestamp(text, nullptr).reading, Reading::malformed) << text;
  }
  EXPECT_EQ(parse_timestamp("2026-01-01 10:00:00.1234567", nullptr).reading, Reading::too_fine);
}

TEST(Timestamps, AreTakenInTheGivenZoneWhenTheyHaveNone) {
  const auto berlin = TimeZone::load("Europe/Berlin");
  EXPECT_EQ(parse_timestamp("2026-07-01 12:00:00", berlin.get()).microseconds,
            parse_timestamp("2026-07-01 10:00:00Z", nullptr).microseconds);
  EXPECT_EQ(parse_timestamp("2026-01-01 12:00:00", berlin.get()).microseconds,
            parse_timestamp("2026-01-01 11:00:00Z", nullptr).microseconds);
  EXPECT_EQ(parse_timestamp("2026-01-01 12:00:00Z", berlin.get()).microseconds,
            parse_timestamp("2026-01-01 12:00:00Z", nullptr).microseconds);
}

TEST(Timestamps, HaveNoOneAnswerInADaylightSavingShift) {
  const auto berlin = TimeZone::load("Europe/Berlin");
  EXPECT_EQ(parse_timestamp("2026-03-29 02:30:00", berlin.get()).reading, Reading::no_one_answer);
  EXPECT_EQ(parse_timestamp("2026-10-25 02:30:00", berlin.get()).reading, Reading::no_one_answer);
  EXPECT_EQ(parse_timestamp("2026-03-29 01:59:59", berlin.get()).reading, Reading::good);
  EXPECT_EQ(parse_timestamp("2026-03-29 03:00:00", berlin.get()).reading, Reading::good);
  EXPECT_EQ(parse_timestamp("2026-10-25 03:00:00", berlin.get()).reading, Reading::good);
}

TEST(TimeZones, CanBeOffsets) {
  EXPECT_EQ(TimeZone::load("+02:00")->to_utc(7200), 0);
  EXPECT_EQ(TimeZone::load("-0330")->to_utc(0), 12'600);
  EXPECT_EQ(TimeZone::load("UTC")->to_utc(5), 5);
}

TEST(TimeZones, RefuseWhatIsNotOne) {
  for (const char* name : {"Europe/Atlantis", "../../etc/passwd", "/etc/passwd", "", "+2x"}) {
    EXPECT_THROW(TimeZone::load(name), InputError) << name;
  }
}

TEST(Timestamps, ReachFromMinusInfinityToInfinity) {
  constexpr auto least = std::numeric_limits<std::int64_t>::min(), most = std::numeric_limits<std::int64_t>::max();
  const auto berlin = TimeZone::load("Europe/Berlin");
  for (const TimeZone* zone : {static_cast<const TimeZone*>(nullptr), berlin.get()}) {
    EXPECT_EQ(parse_timestamp("-infinity", zone).microseconds, least);
    EXPECT_EQ(parse_timestamp("infinity", zone).microseconds, most);
  }
  EXPECT_EQ(parse_timestamp("-Infinit", nullptr).reading, Reading::malformed);
  EXPECT_EQ(parse_timestamp("1969-12-31 23:59:59.999999Z", nullptr).microseconds, -1);
  const Instant latest = parse_timestamp("294246-12-31 23:59:59.999999-15:59", nullptr);
  EXPECT_EQ(latest.reading, Reading::good);
  EXPECT_LT(latest.microseconds, most);
  EXPECT_GT(latest.microseconds, 0);
  const Instant earliest = parse_timestamp("4713-01-01 00:00:00+00 BC", nullptr);
  EXPECT_EQ(earliest.reading, Reading::good);
  EXPECT_LT(earliest.microseconds, 0);
  EXPECT_EQ(parse_timestamp("294247-01-01 00:00:00+00", nullptr).reading, Reading::malformed);
}

TEST(TimesOfDay, AreMomentsWhereTheyHaveAnOffset) {
  EXPECT_EQ(parse_time_of_day("12:00:00+00"), parse_time_of_day("14:00:00+02"));
  EXPECT_EQ(parse_time_of_day("12:00"), parse_time_of_day("12:00:00.000Z"));
  EXPECT_EQ(parse_time_of_day("06:30:00-05:30"), parse_time_of_day("12:00"));
  // The day before and the day after, which PostgreSQL tells from the same hours of the day itself.
  EXPECT_EQ(parse_time_of_day("00:30+02"), -90 * 60'000'000LL);
  EXPECT_EQ(parse_time_of_day("23:00-02"), 25 * 3'600'000'000LL);
  EXPECT_EQ(parse_time_of_day("24:00:00+00"), 86'400'000'000);
  EXPECT_EQ(parse_time_of_day("24:00"), 86'400'000'000);
}

TEST(TimesOfDay, RefuseWhatNoClockShows) {
  for (const char* text : {"", "24:00:01", "24:01", "25:00", "12:60", "12", "12:00 ", "12:00+", "12:00+25", "12:00 UTC",
                           "12:00:00.0000001", "+02"}) {
    EXPECT_EQ(parse_time_of_day(text), std::nullopt) << text;
  }
}

TEST(Dates, AreDaysAndNothingFiner) {
  EXPECT_EQ(parse_date("1970-01-02"), 1);
  EXPECT_EQ(parse_date("1970-01-02 00:00:00"), 1);
  EXPECT_EQ(parse_date("1970-01-02 00:00:01"), std::nullopt);
  EXPECT_EQ(parse_date("2025-02-29"), std::nullopt);
  EXPECT_EQ(parse_date("5874897-12-31"), 2'145'042'905);  // the last that PostgreSQL has
  EXPECT_EQ(parse_date("5874898-01-01"), std::nullopt);
  EXPECT_EQ(parse_date("294247-01-01"), *parse_date("294246-12-31") + 1);
}

}  // namespace
}  // namespace sluice::stores
