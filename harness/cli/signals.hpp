#pragma once
#include <atomic>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace sluice::cli {

/// Turns SIGINT, SIGTERM and SIGHUP into a stop request: the first asks for an orderly stop, the second ends the
/// program at once (the guard then cleans up). Construct before any other thread, so that all of them leave these
/// signals to this one.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  std::stop_token token() const { return stop_.get_token(); }
  /// The first signal that came; 0 when none did.
  int received() const { return received_; }
  /// Blocks until a signal comes.
  void wait() const;
  /// Called, on a thread of its own, before the program gives the terminal back: because it is suspended (Ctrl-Z,
  /// `forever` is false) or ends at once. An empty function takes it back, and waits for a call that is under way.
  void on_leave(std::function<void(bool forever)> leave);

 private:
  void listen();
  void leave(bool forever);
  void suspend();

  std::stop_source stop_;
  std::atomic<int> received_{0};
  int signal_descriptor_ = -1;
  int end_descriptor_ = -1;
  std::mutex mutex_;  // leave_
  std::function<void(bool)> leave_;
  std::thread thread_;
};

}  // namespace sluice::cli
