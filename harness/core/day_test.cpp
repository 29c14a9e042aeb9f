#include "harness/core/day.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using namespace std::chrono_literals;

TEST(Day, IsReadOnlyInTheOneFormThatPlansWrite) {
  EXPECT_EQ(parse_day("2026-12-31"), std::chrono::sys_days(std::chrono::year(2026) / 12 / 31));
  EXPECT_EQ(parse_day("2028-02-29"), std::chrono::sys_days(std::chrono::year(2028) / 2 / 29));
  for (const char* text : {"", "2026-02-30", "2026-13-01", "2026-00-10", "2026-1-01", "26-01-01", "2026/01/01",
                           "-026-01-01", "2026-01-01 ", "+026-01-01", " 026-01-01", "31.12.2026", "tomorrow"})
    EXPECT_FALSE(parse_day(text)) << text;
}

TEST(Day, OfATimeIsTheOneInUtc) {
  const auto day = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20);
  EXPECT_EQ(day_of(day + 23h + 59min), "2026-11-20");
  EXPECT_EQ(day_of(day + 24h), "2026-11-21");
  EXPECT_EQ(day_of(std::chrono::system_clock::time_point{} - 1s), "1969-12-31");
}

}  // namespace
}  // namespace sluice
