#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

/// A day of the calendar as plans and reports write it, "2026-12-31"; nullopt for any other text.
std::optional<std::chrono::sys_days> parse_day(std::string_view text);

/// The day of `time` in UTC, as "2026-12-31".
std::string day_of(std::chrono::system_clock::time_point time);

}  // namespace sluice
