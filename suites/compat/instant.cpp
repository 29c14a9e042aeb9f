#include "suites/compat/instant.hpp"

#include <chrono>

#include "suites/compat/ascii.hpp"

namespace sluice::compat {
namespace {

struct Cursor {
  std::string_view text;
  std::size_t at = 0;

  std::optional<int> number(std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i, ++at) {
      if (at >= text.size() || !is_digit(text[at])) return std::nullopt;
      value = value * 10 + (text[at] - '0');
    }
    return value;
  }
  char take() { return at < text.size() ? text[at++] : '\0'; }
  char peek() const { return at < text.size() ? text[at] : '\0'; }
};

}  // namespace

std::optional<Instant> leading_instant(std::string_view text) {
  Cursor cursor{text};
  Instant instant;
  const auto year = cursor.number(4);
  if (!year || cursor.take() != '-') return std::nullopt;
  const auto month = cursor.number(2);
  if (!month || cursor.take() != '-') return std::nullopt;
  const auto day = cursor.number(2);
  instant.separator = cursor.take();
  if (!day || (instant.separator != 'T' && instant.separator != 't' && instant.separator != ' ')) return std::nullopt;
  const auto hour = cursor.number(2);
  if (!hour || cursor.take() != ':') return std::nullopt;
  const auto minute = cursor.number(2);
  if (!minute || cursor.take() != ':') return std::nullopt;
  const auto second = cursor.number(2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  if (cursor.peek() == '.') {
    cursor.take();
    while (is_digit(cursor.peek())) instant.fraction += cursor.take();
    if (instant.fraction.empty()) return std::nullopt;
    while (instant.fraction.ends_with('0')) instant.fraction.pop_back();
  }
  int offset_minutes = 0;
  const char sign = cursor.peek();
  if (sign == '+' || sign == '-' || sign == 'Z' || sign == 'z') cursor.take();
  if (sign == '+' || sign == '-') {
    const auto hours = cursor.number(2);
    if (!hours || cursor.take() != ':') return std::nullopt;
    const auto minutes = cursor.number(2);
    if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    offset_minutes = (*hours * 60 + *minutes) * (sign == '-' ? -1 : 1);
    instant.offset = '+';
  } else if (sign != 'Z' && sign != 'z') {
    const bool in_word = is_digit(sign) || (sign >= 'a' && sign <= 'z') || (sign >= 'A' && sign <= 'Z');
    if (in_word) return std::nullopt;
    instant.offset = Instant::no_offset;
  }
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  instant.seconds = days * 86400 + *hour * 3600 + (*minute - offset_minutes) * 60 + *second;
  instant.length = cursor.at;
  return instant;
}

std::optional<Instant> parse_instant(std::string_view text) {
  const auto instant = leading_instant(text);
  return instant && instant->length == text.size() ? instant : std::nullopt;
}

}  // namespace sluice::compat
