#pragma once
#include <chrono>
#include <optional>

namespace sluice::cli {

/// How fast a count grows, with the past forgotten over a few seconds, so that neither a burst nor a pause makes the
/// figure jump. Pure: it is told the time.
class SmoothedRate {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// The count now. A count that falls starts anew.
  void add(double count, Time now);
  /// Per second; nothing until half a second has been seen. A count that stands still makes it fall.
  std::optional<double> per_second(Time now) const;

 private:
  bool started_ = false;
  double count_ = 0;
  Time at_{};
  double grown_ = 0;    ///< decayed sum of growth
  double seconds_ = 0;  ///< decayed sum of the time it took
};

}  // namespace sluice::cli
