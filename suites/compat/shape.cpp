#include "suites/compat/shape.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "suites/compat/ascii.hpp"
#include "suites/compat/instant.hpp"

namespace sluice::compat {
namespace {

constexpr std::size_t shortest_hex = 8;
constexpr std::size_t shortest_long_hex = 12;
constexpr std::size_t shortest_long_token = 16;
constexpr std::int64_t near_now_seconds = 2 * 86400;
constexpr std::int64_t this_moment_seconds = 3600;  // more than any replay takes, less than any stored time is old
constexpr std::size_t longest_coincidence = 6;      // digits or characters

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

template <class Predicate>
bool all(std::string_view text, Predicate predicate) {
  return !text.empty() && std::all_of(text.begin(), text.end(), predicate);
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

bool is_integer(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return all(text, is_digit);
}

bool is_decimal(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && is_digit(text.front()) &&
         all(text, [](char c) { return is_digit(c) || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-'; });
}

bool is_alphanumeric(std::string_view text) {
  return all(text, [](char c) { return is_digit(c) || is_letter(c); });
}

ShapeKind integer_kind(std::string_view text, std::int64_t now) {
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc()) return ShapeKind::integer;
  if (std::abs(value - now) < near_now_seconds) return ShapeKind::epoch_seconds;
  if (std::abs(value / 1000 - now) < near_now_seconds) return ShapeKind::epoch_milliseconds;
  return ShapeKind::integer;
}

}  // namespace

Shape ShapeReader::of(std::string_view text) const {
  if (text.empty()) return {.kind = ShapeKind::empty};
  if (is_uuid(text)) return {.kind = ShapeKind::uuid};
  if (const auto instant = parse_instant(text)) {
    return {.kind = ShapeKind::instant, .offset = instant->offset, .separator = instant->separator};
  }
  if (is_integer(text)) return {.kind = integer_kind(text, now_), .length = text.size()};
  if (is_decimal(text)) return {.kind = ShapeKind::decimal};
  if (!is_alphanumeric(text)) return {.kind = ShapeKind::text};
  if (all(text, is_letter)) return {.kind = ShapeKind::word};
  if (text.size() >= shortest_hex && all(text, is_hex)) return {.kind = ShapeKind::hex, .length = text.size()};
  return {.kind = ShapeKind::token, .length = text.size()};
}

bool ShapeReader::fits(const Shape& shape, std::string_view text) const {
  switch (shape.kind) {
    case ShapeKind::empty:
      return text.empty();
    case ShapeKind::uuid:
      return is_uuid(text);
    case ShapeKind::instant: {
      const auto instant = parse_instant(text);
      return instant && instant->offset == shape.offset && instant->separator == shape.separator;
    }
    // A random hex value may by chance hold digits or letters only.
    case ShapeKind::hex:
      return text.size() == shape.length && all(text, is_hex);
    case ShapeKind::integer:
      return is_integer(text);
    case ShapeKind::epoch_seconds:
    case ShapeKind::epoch_milliseconds:
      return is_integer(text) && integer_kind(text, now_) == shape.kind;
    case ShapeKind::decimal:
      return is_decimal(text);
    case ShapeKind::word:
      return is_alphanumeric(text) && !is_integer(text);
    case ShapeKind::token:
      return is_alphanumeric(text) && (text.size() == shape.length || of(text).kind == ShapeKind::token);
    case ShapeKind::text:
      return !text.empty();
  }
  return false;
}

bool ShapeReader::may_coincide(std::string_view text) const {
  switch (of(text).kind) {
    case ShapeKind::instant:
      return std::abs(parse_instant(text)->seconds - now_) < this_moment_seconds;
    case ShapeKind::epoch_seconds:
    case ShapeKind::epoch_milliseconds:
      return true;
    case ShapeKind::integer:
    case ShapeKind::decimal:
    case ShapeKind::word:
    case ShapeKind::token:
      return text.size() <= longest_coincidence;
    default:
      return false;
  }
}

Shape ShapeReader::common(std::string_view left, std::string_view right) const {
  for (const auto& [one, other] : {std::pair(left, right), std::pair(right, left)}) {
    const Shape shape = of(one);
    if (fits(shape, other)) return shape;
  }
  if (is_integer(left) && is_integer(right)) return {.kind = ShapeKind::integer};
  return {.kind = ShapeKind::text};
}

bool is_machine_made(const Shape& shape) { return shape.kind != ShapeKind::word && shape.kind != ShapeKind::text; }

bool is_long_id(const Shape& shape) {
  return shape.kind == ShapeKind::uuid || (shape.kind == ShapeKind::hex && shape.length >= shortest_long_hex) ||
         (shape.kind == ShapeKind::token && shape.length >= shortest_long_token);
}

std::string describe(const Shape& shape) {
  switch (shape.kind) {
    case ShapeKind::empty:
      return "an empty string";
    case ShapeKind::uuid:
      return "a UUID";
    case ShapeKind::instant:
      return fmt::format("an RFC 3339 time with {} and '{}'",
                         shape.offset == 'Z'                  ? "Z"
                         : shape.offset == Instant::no_offset ? "no offset"
                                                              : "a numeric offset",
                         shape.separator);
    case ShapeKind::hex:
      return fmt::format("{} hex digits", shape.length);
    case ShapeKind::integer:
      return "an integer";
    case ShapeKind::epoch_seconds:
      return "the present in seconds since 1970";
    case ShapeKind::epoch_milliseconds:
      return "the present in milliseconds since 1970";
    case ShapeKind::decimal:
      return "a decimal number";
    case ShapeKind::word:
      return "a word";
    case ShapeKind::token:
      return "a token of letters and digits";
    case ShapeKind::text:
      return "text";
  }
  return "text";
}

}  // namespace sluice::compat
