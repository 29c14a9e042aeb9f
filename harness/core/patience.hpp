#pragma once
#include <chrono>

namespace sluice {

/// How long something is waited for, when the one who waits looks at it again and again. Of the time between two looks
/// only `most_between_looks` counts at the most: a machine that stood still, or a process that was halted, gave nobody
/// the chance to do what is waited for. For one thread.
class Patience {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// A gap between two looks that is at least so long is no busy machine's: the looking itself stood still.
  static constexpr std::chrono::milliseconds least_standstill{500};

  Patience(Time begun, std::chrono::nanoseconds allowed, std::chrono::nanoseconds most_between_looks = least_standstill)
      : looked_(begun), left_(allowed), most_between_looks_(most_between_looks) {}

  /// To be called at each look. What is left afterwards; zero or less: it is over.
  std::chrono::nanoseconds left(Time now);
  bool over(Time now) { return left(now) <= std::chrono::nanoseconds(0); }

 private:
  Time looked_;
  std::chrono::nanoseconds left_;
  std::chrono::nanoseconds most_between_looks_;
};

}  // namespace sluice
