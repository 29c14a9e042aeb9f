#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "harness/stores/time_zone.hpp"

namespace sluice::stores {

/// What a text says about a point in time.
struct Instant {
  enum class Reading : std::uint8_t {
    good,
    malformed,     ///< not a date and time, or one that the calendar does not have
    too_fine,      ///< digits below a microsecond that are not zero
    no_one_answer  ///< a wall-clock time that its zone skipped, had twice, or does not know
  };
  Reading reading = Reading::malformed;
  std::int64_t microseconds = 0;  ///< since 1970 UTC; the ends of int64 are PostgreSQL's -infinity and infinity
};

/// Reads "YYYY-MM-DD", then optionally "T" or a blank and "HH:MM[:SS[.ffffff]]", then optionally a blank and "Z", "UTC"
/// or an offset, then optionally " BC". Without an offset the time is in `zone` (UTC when null).
Instant parse_timestamp(std::string_view text, const TimeZone* zone);

/// Days since 1970 of "YYYY-MM-DD[ BC]", or of a timestamp at midnight without zone; nullopt for anything else.
std::optional<std::int64_t> parse_date(std::string_view text);

/// Microseconds since midnight UTC of "HH:MM[:SS[.ffffff]][Z or an offset]", up to 24:00:00 on its own clock: less than
/// 0 or more than a day where the offset leads into the day before or after, as PostgreSQL sorts `timetz`. Without an
/// offset the clock is UTC's. nullopt for anything else, digits below a microsecond included.
std::optional<std::int64_t> parse_time_of_day(std::string_view text);

}  // namespace sluice::stores
