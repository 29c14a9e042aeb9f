#pragma once
#include <fmt/core.h>

#include <chrono>
#include <string>

#include "harness/core/check.hpp"
#include "harness/core/parameters.hpp"

namespace sluice::migration {

/// How long one run of an action on copies may take, and which line of the plan says so.
struct TimeAllowed {
  std::chrono::nanoseconds time{0};
  std::string line;  ///< "`timeout` of action migrate"

  /// "5 s (`timeout` of action migrate)".
  std::string to_string() const { return fmt::format("{} ({})", human_duration(time), line); }
};

/// What the check allows, or less where the plan's author wrote less for the action. A default that nobody wrote is no
/// limit of the action's.
inline TimeAllowed time_allowed(const RunningAction& running, const std::string& action,
                                std::chrono::nanoseconds of_check) {
  const auto of_action = running.timeout();
  if (of_action && *of_action < of_check) return {*of_action, "`timeout` of action " + action};
  return {of_check, "`timeout` of the check"};
}

}  // namespace sluice::migration
