#pragma once
#include <chrono>
#include <vector>

#include "harness/core/patience.hpp"

namespace sluice::load {

/// When a thread that looks up every so often did not run: the whole machine stood still, or the process was halted.
/// What did not come meanwhile says nothing of a service. For one thread.
class Standstills {
 public:
  using Clock = std::chrono::steady_clock;
  /// Shorter gaps between two looks are those of a busy machine; the generator's lag tells of them.
  static constexpr std::chrono::milliseconds least = Patience::least_standstill;

  /// Forgets all; the first look is `now`.
  void begin(Clock::time_point now);
  void look(Clock::time_point now);
  /// How much of the time from `begin` to `end` they took.
  std::chrono::nanoseconds within(Clock::time_point begin, Clock::time_point end) const;
  std::chrono::nanoseconds total() const;

 private:
  struct Gap {
    Clock::time_point begin;
    Clock::time_point end;
  };
  Clock::time_point looked_{};
  std::vector<Gap> gaps_;
};

}  // namespace sluice::load
