#pragma once
#include <atomic>
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

 private:
  void listen();

  std::stop_source stop_;
  std::atomic<int> received_{0};
  int signal_descriptor_ = -1;
  int end_descriptor_ = -1;
  std::thread thread_;
};

}  // namespace sluice::cli
