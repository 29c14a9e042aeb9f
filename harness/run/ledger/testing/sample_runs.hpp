#pragma once
#include <string>

#include "harness/core/clock.hpp"
#include "harness/core/result.hpp"

namespace sluice::ledger::testing {

/// A clock that a test sets. Monotonic time stands still.
class SetClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point now() const override { return {}; }
  std::chrono::system_clock::time_point today() const override { return time; }
  TimePoint time = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21);
};

/// A run of the plan "move" on external services whose one phase, "data", was GO: one action, one check with every kind
/// of number, four identities.
RunResult go_run(const std::string& run_id = "run-1");

}  // namespace sluice::ledger::testing
