#pragma once
#include <chrono>
#include <functional>
#include <optional>

namespace sluice::services {

/// How long a service has not answered, counted so that a busy machine is never taken for a dead service: what a single
/// question can add is bounded, so that a pause of the whole machine counts once; and a question that timed out adds
/// nothing when the service's own processes ran, or wanted to run, in the meantime. For one thread.
class Silence {
 public:
  using Time = std::chrono::steady_clock::time_point;

  void answered() { *this = {}; }
  /// A question asked at `asked` had failed by `failed`. `demand` gives the processor time that the service's processes
  /// have wanted so far; it is called only here.
  void unanswered(Time asked, Time failed, const std::function<std::chrono::nanoseconds()>& demand);
  /// What counts of the unbroken series of failures up to now.
  std::chrono::nanoseconds lasted() const { return lasted_; }

 private:
  std::chrono::nanoseconds lasted_{0};
  std::optional<Time> last_failed_;
  std::chrono::nanoseconds last_demand_{0};
};

}  // namespace sluice::services
