#include "harness/stores/zone_rule.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>

namespace sluice::stores {

/// Takes a rule apart from its front.
class ZoneRuleReader {
 public:
  explicit ZoneRuleReader(std::string_view text) : rest_(text) {}

  std::optional<ZoneRule> read() {
    ZoneRule rule;
    const bool named = take_name();
    const auto west = take_time();
    if (!named || !west || !take_name()) return std::nullopt;
    rule.standard_ = -*west;
    rule.summer_ = rule.standard_ + 3600;
    if (!rest_.starts_with(',')) {
      const auto summer_west = take_time();
      if (!summer_west) return std::nullopt;
      rule.summer_ = -*summer_west;
    }
    if (!take(',') || !take_date(rule.begin_) || !take(',') || !take_date(rule.end_) || !rest_.empty()) {
      return std::nullopt;
    }
    return rule;
  }

 private:
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Letters, or anything between angle brackets.
  bool take_name() {
    if (take('<')) {
      const auto end = rest_.find('>');
      if (end == std::string_view::npos) return false;
      rest_.remove_prefix(end + 1);
      return true;
    }
    std::size_t letters = 0;
    while (letters < rest_.size() && std::isalpha(static_cast<unsigned char>(rest_[letters])) != 0) ++letters;
    rest_.remove_prefix(letters);
    return letters >= 3;
  }

  std::optional<int> take_number() {
    int value = 0;
    const auto [end, failure] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (failure != std::errc() || value < 0 || value > 366) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
  }

  // "-1", "2:30", "+05:45:00" in seconds.
  std::optional<std::int64_t> take_time() {
    const std::int64_t sign = take('-') ? -1 : 1;
    if (sign > 0) take('+');
    std::int64_t seconds = 0, unit = 3600;
    for (int part = 0; part < 3; ++part, unit /= 60) {
      if (part > 0 && !take(':')) break;
      const auto value = take_number();
      if (!value) return std::nullopt;
      seconds += *value * unit;
    }
    return sign * seconds;
  }

  bool take_date(ZoneRule::Date& date) {
    using Kind = ZoneRule::Date::Kind;
    if (take('M')) {
      date.kind = Kind::weekday_of_month;
      const auto month = take_number();
      if (!month || !take('.')) return false;
      const auto week = take_number();
      if (!week || !take('.')) return false;
      const auto day = take_number();
      if (!day || *month < 1 || *month > 12 || *week < 1 || *week > 5 || *day > 6) return false;
      date.month = *month;
      date.week = *week;
      date.day = *day;
    } else {
      date.kind = take('J') ? Kind::day_without_leap : Kind::day;
      const auto day = take_number();
      const bool julian = date.kind == Kind::day_without_leap;  // counts from 1 to 365, the other from 0
      if (!day || *day > 365 || (julian && *day == 0)) return false;
      date.day = *day;
    }
    if (!take('/')) return true;
    const auto time = take_time();
    if (time) date.seconds = *time;
    return time.has_value();
  }

  std::string_view rest_;
};

std::optional<ZoneRule> ZoneRule::parse(std::string_view text) { return ZoneRuleReader(text).read(); }

std::int64_t ZoneRule::start_of_day(const Date& date, int year) {
  using namespace std::chrono;
  const auto y = std::chrono::year(year);
  sys_days day;
  if (date.kind == Date::Kind::weekday_of_month) {
    const auto month = std::chrono::month(static_cast<unsigned>(date.month));
    const auto weekday = std::chrono::weekday(static_cast<unsigned>(date.day));
    if (date.week == 5)
      day = sys_days(y / month / weekday[last]);
    else
      day = sys_days(y / month / weekday[static_cast<unsigned>(date.week)]);
  } else {
    // J counts from 1 and never February 29; the other counts from 0.
    const bool after_leap_day = date.kind == Date::Kind::day_without_leap && y.is_leap() && date.day >= 60;
    const int from_zero = date.kind == Date::Kind::day_without_leap ? date.day - 1 : date.day;
    day = sys_days(y / January / 1) + days(from_zero + (after_leap_day ? 1 : 0));
  }
  return duration_cast<seconds>(day.time_since_epoch()).count();
}

std::vector<std::pair<std::int64_t, std::int64_t>> ZoneRule::changes_in(int year) const {
  std::vector<std::pair<std::int64_t, std::int64_t>> changes{
      {start_of_day(begin_, year) + begin_.seconds - standard_, summer_},
      {start_of_day(end_, year) + end_.seconds - summer_, standard_}};
  std::sort(changes.begin(), changes.end());
  return changes;
}

}  // namespace sluice::stores
