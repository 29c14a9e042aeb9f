#include "harness/stores/instant.hpp"

#include <limits>

namespace sluice::stores {
namespace {

constexpr std::int64_t seconds_per_day = 86'400;
constexpr std::int64_t microseconds_per_second = 1'000'000;
// Keep microseconds since 1970 within 64 bits. PostgreSQL counts from 2000, which gives it thirty years more.
constexpr std::int64_t last_year = 294'246;
constexpr std::int64_t first_year_before_christ = 290'000;
constexpr std::int64_t last_year_of_dates = 5'874'897;  // PostgreSQL's

/// Consumes a text from the left.
struct Scanner {
  std::string_view rest;

  bool take(char c) {
    if (rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  bool take(std::string_view word) {
    if (!rest.starts_with(word)) return false;
    rest.remove_prefix(word.size());
    return true;
  }
  /// Between `least` and `most` digits; -1 when there are fewer or more.
  std::int64_t number(std::size_t least, std::size_t most) {
    std::int64_t value = 0;
    std::size_t count = 0;
    while (count < rest.size() && rest[count] >= '0' && rest[count] <= '9') {
      if (++count > most) return -1;
      value = value * 10 + (rest[count - 1] - '0');
    }
    if (count < least) return -1;
    rest.remove_prefix(count);
    return value;
  }
};

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": days_from_civil.
std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

std::int64_t last_day(std::int64_t year, std::int64_t month) {
  if (month == 2) return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

struct Day {
  std::int64_t year = -1, month = -1, day = -1;
  std::optional<std::int64_t> number(bool before_christ, std::int64_t last = last_year_of_dates) const {
    if (year < 0 || year > (before_christ ? first_year_before_christ : last) || month < 1 || month > 12 || day < 1)
      return std::nullopt;
    if (before_christ && year == 0) return std::nullopt;
    const std::int64_t astronomical = before_christ ? 1 - year : year;
    if (day > last_day(astronomical, month)) return std::nullopt;
    return days_from_civil(astronomical, month, day);
  }
};

Day take_day(Scanner& scanner) {
  Day day;
  day.year = scanner.number(4, 7);
  if (day.year < 0 || !scanner.take('-')) return {};
  day.month = scanner.number(2, 2);
  if (day.month < 0 || !scanner.take('-')) return {};
  day.day = scanner.number(2, 2);
  return day;
}

struct TimeOfDay {
  Instant::Reading reading = Instant::Reading::malformed;
  std::int64_t seconds = 0;
  std::int64_t microseconds = 0;
};

TimeOfDay take_time(Scanner& scanner) {
  const std::int64_t hour = scanner.number(2, 2);
  if (hour < 0 || hour > 23 || !scanner.take(':')) return {};
  const std::int64_t minute = scanner.number(2, 2);
  if (minute < 0 || minute > 59) return {};
  TimeOfDay time{.reading = Instant::Reading::good, .seconds = hour * 3600 + minute * 60};
  if (!scanner.take(':')) return time;
  const std::int64_t second = scanner.number(2, 2);
  if (second < 0 || second > 59) return {};
  time.seconds += second;
  if (!scanner.take('.')) return time;
  std::size_t digits = 0;
  for (; digits < scanner.rest.size() && scanner.rest[digits] >= '0' && scanner.rest[digits] <= '9'; ++digits) {
    if (digits < 6) time.microseconds = time.microseconds * 10 + (scanner.rest[digits] - '0');
    if (digits >= 6 && scanner.rest[digits] != '0') time.reading = Instant::Reading::too_fine;
  }
  if (digits == 0) return {};
  for (std::size_t i = digits; i < 6; ++i) time.microseconds *= 10;
  scanner.rest.remove_prefix(digits);
  return time;
}

// Two digits; anything else gives a number of 100 or more.
unsigned two_digits(const char* text) {
  const auto high = static_cast<unsigned>(static_cast<unsigned char>(text[0]) - '0');
  const auto low = static_cast<unsigned>(static_cast<unsigned char>(text[1]) - '0');
  return high > 9 || low > 9 ? 100 : high * 10 + low;
}

// 2026-11-21T10:00:00[.123456] and then Z or +00, as nearly all are written; nullopt for whatever needs a closer look.
std::optional<std::int64_t> parse_usual(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':') return std::nullopt;
  if (text[10] != 'T' && text[10] != ' ') return std::nullopt;
  const unsigned century = two_digits(text.data()), year = two_digits(text.data() + 2);
  const unsigned month = two_digits(text.data() + 5), day = two_digits(text.data() + 8);
  const unsigned hour = two_digits(text.data() + 11), minute = two_digits(text.data() + 14);
  const unsigned second = two_digits(text.data() + 17);
  if (century > 99 || year > 99 || month - 1 > 11 || day - 1 > 27 || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;  // the last days of a month too: not every month has them
  }
  std::size_t at = 19;
  std::int64_t microseconds = 0;
  if (text[at] == '.') {
    const std::size_t begin = ++at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      microseconds = microseconds * 10 + (text[at] - '0');
      if (at - begin > 5) return std::nullopt;
    }
    if (at == begin) return std::nullopt;
    for (std::size_t digits = at - begin; digits < 6; ++digits) microseconds *= 10;
  }
  const std::string_view zone = text.substr(at);
  if (zone != "Z" && zone != "+00") return std::nullopt;
  const std::int64_t days = days_from_civil(century * 100 + year, month, day);
  const std::int64_t seconds = days * seconds_per_day + hour * 3600 + minute * 60 + second;
  return seconds * microseconds_per_second + microseconds;
}

}  // namespace

Instant parse_timestamp(std::string_view text, const TimeZone* zone) {
  using Reading = Instant::Reading;
  if (const auto usual = parse_usual(text)) return {Reading::good, *usual};
  if (text == "infinity") return {Reading::good, std::numeric_limits<std::int64_t>::max()};
  if (text == "-infinity") return {Reading::good, std::numeric_limits<std::int64_t>::min()};
  Scanner scanner{text};
  const Day day = take_day(scanner);
  TimeOfDay time{.reading = Reading::good};
  if (scanner.take('T') || (scanner.rest.size() > 3 && scanner.take(' '))) time = take_time(scanner);
  if (time.reading == Reading::malformed) return {};
  const bool before_christ = scanner.rest.ends_with(" BC");
  if (before_christ) scanner.rest.remove_suffix(3);
  const auto number = day.number(before_christ, last_year);
  if (!number) return {};
  std::int64_t seconds = *number * seconds_per_day + time.seconds;
  scanner.take(' ');
  if (scanner.rest.empty()) {
    const auto utc = zone == nullptr ? std::optional(seconds) : zone->to_utc(seconds);
    if (!utc) return {.reading = Reading::no_one_answer};
    seconds = *utc;
  } else if (!(scanner.rest == "Z" || scanner.rest == "z" || scanner.rest == "UTC")) {
    const auto offset = parse_offset(scanner.rest);
    if (!offset) return {};
    seconds -= *offset;
  }
  return {time.reading, seconds * microseconds_per_second + time.microseconds};
}

std::optional<std::int64_t> parse_time_of_day(std::string_view text) {
  Scanner scanner{text};
  TimeOfDay time{.reading = Instant::Reading::good, .seconds = seconds_per_day};
  if (!scanner.take("24:00:00") && !scanner.take("24:00")) time = take_time(scanner);
  if (time.reading != Instant::Reading::good) return std::nullopt;
  if (!scanner.rest.empty() && scanner.rest != "Z") {
    const auto offset = parse_offset(scanner.rest);
    if (!offset) return std::nullopt;
    time.seconds -= *offset;
  }
  return time.seconds * microseconds_per_second + time.microseconds;
}

std::optional<std::int64_t> parse_date(std::string_view text) {
  if (text == "infinity") return std::numeric_limits<std::int64_t>::max();
  if (text == "-infinity") return std::numeric_limits<std::int64_t>::min();
  Scanner scanner{text};
  const Day day = take_day(scanner);
  if (scanner.rest == " BC") return day.number(true);
  if (scanner.take('T') || scanner.take(' ')) {
    const TimeOfDay time = take_time(scanner);
    if (time.reading != Instant::Reading::good || time.seconds != 0 || time.microseconds != 0) return std::nullopt;
  }
  return scanner.rest.empty() ? day.number(false) : std::nullopt;
}

}  // namespace sluice::stores
