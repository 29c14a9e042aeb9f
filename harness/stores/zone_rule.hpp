#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::stores {

/// How the clocks of a zone keep changing year after year: the rule in the footer of its table (RFC 8536, which extends
/// the TZ variable of POSIX), such as "CET-1CEST,M3.5.0,M10.5.0/3". Immutable.
class ZoneRule {
 public:
  /// nullopt when the text is no such rule, or when it has no summer time.
  static std::optional<ZoneRule> parse(std::string_view text);

  /// The two changes of a year, earlier first: seconds since 1970 UTC, and seconds east of UTC from then on.
  std::vector<std::pair<std::int64_t, std::int64_t>> changes_in(int year) const;

 private:
  struct Date {
    enum class Kind { weekday_of_month, day_without_leap, day } kind = Kind::day;
    int month = 0, week = 0, day = 0;
    std::int64_t seconds = 7200;  ///< on the wall clock until then
  };
  static std::int64_t start_of_day(const Date& date, int year);

  std::int64_t standard_ = 0;  ///< seconds east of UTC
  std::int64_t summer_ = 0;
  Date begin_;  ///< of summer time
  Date end_;
  friend class ZoneRuleReader;
};

}  // namespace sluice::stores
