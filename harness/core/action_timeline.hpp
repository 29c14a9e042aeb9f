#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "harness/core/clock.hpp"

namespace sluice {

/// A phase's actions as they come and go, for the checks that run beside them. The runner waits for the listeners
/// before it starts an action, so a check can have its clients where the plan wants them at that moment. Thread-safe.
class ActionTimeline {
 public:
  using Time = std::chrono::steady_clock::time_point;

  struct Span {
    std::string action;
    Time begun{};
    std::optional<Time> ended = std::nullopt;  ///< nullopt while it runs
  };

  /// Told right before an action is started (`begins`) and right after it has ended, on the runner's thread, which
  /// waits. Must not throw, and must return once the check is cancelled.
  using Listener = std::function<void(const std::string& action, bool begins)>;

  /// Ends a listener's subscription; a call under way is waited for. The timeline must outlive it.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(ActionTimeline& timeline, std::uint64_t number) : timeline_(&timeline), number_(number) {}
    Subscription(Subscription&& other) noexcept
        : timeline_(std::exchange(other.timeline_, nullptr)), number_(other.number_) {}
    Subscription& operator=(Subscription&& other) noexcept;
    ~Subscription() { end(); }
    void end();

   private:
    ActionTimeline* timeline_ = nullptr;
    std::uint64_t number_ = 0;
  };

  /// `planned` are the actions that will run, in order.
  ActionTimeline(const Clock& clock, std::vector<std::string> planned) : clock_(clock), planned_(std::move(planned)) {}

  const std::vector<std::string>& planned() const { return planned_; }
  [[nodiscard]] Subscription listen(Listener listener);
  /// The actions that have begun, in order.
  std::vector<Span> spans() const;
  /// Whether no action is under way and none will follow.
  bool over() const;
  /// Waits for that; false when `timeout` passes or a stop is requested first.
  bool wait_over(std::chrono::nanoseconds timeout, std::stop_token cancelled) const;

  // For the runner.
  void begin(const std::string& action);
  void end();
  void close();

 private:
  void tell(const std::string& action, bool begins);

  const Clock& clock_;
  const std::vector<std::string> planned_;
  std::mutex telling_;  // held while listeners are called
  std::map<std::uint64_t, Listener> listeners_;
  std::uint64_t next_ = 1;
  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  std::vector<Span> spans_;
  bool closed_ = false;
};

}  // namespace sluice
