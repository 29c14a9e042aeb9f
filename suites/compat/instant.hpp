#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::compat {

/// A point in time as RFC 3339 writes it, or the same without an offset.
struct Instant {
  static constexpr char no_offset = '-';
  std::int64_t seconds = 0;  ///< since 1970 in UTC; a leap second counts as the next second's start
  std::string fraction;      ///< digits after the point, without trailing zeros
  std::size_t length = 0;    ///< characters read
  char separator = 'T';      ///< between date and time
  char offset = 'Z';         ///< 'Z' for Z or z, '+' for a numeric one, no_offset for none: then seconds are as of UTC
  friend bool operator==(const Instant& left, const Instant& right) {
    return (left.offset == no_offset) == (right.offset == no_offset) && left.seconds == right.seconds &&
           left.fraction == right.fraction;
  }
};

/// The instant at the start of `text`, nullopt when there is none or it is no valid date and time.
std::optional<Instant> leading_instant(std::string_view text);
/// The instant that `text` is, whole.
std::optional<Instant> parse_instant(std::string_view text);

}  // namespace sluice::compat
