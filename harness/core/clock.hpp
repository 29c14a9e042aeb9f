#pragma once
#include <chrono>

namespace sluice {

/// The time a run lives by; tests put a fake in its place. Monotonic time measures, system time dates.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::chrono::steady_clock::time_point now() const = 0;
  virtual std::chrono::system_clock::time_point today() const = 0;
};

/// The machine's own clocks.
class SystemClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point now() const override { return std::chrono::steady_clock::now(); }
  std::chrono::system_clock::time_point today() const override { return std::chrono::system_clock::now(); }
};

}  // namespace sluice
