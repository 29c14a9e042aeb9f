#pragma once
#include <functional>
#include <stop_token>

#include "harness/cli/progress.hpp"
#include "harness/cli/signals.hpp"

namespace sluice::cli {

/// As long as it lives, a person who presses Ctrl-C is told that it was heard, and the terminal is given back clean
/// when the program is suspended or ended at once. Both must outlive it.
class Farewell {
 public:
  Farewell(Signals& signals, ProgressPrinter& progress)
      : signals_(signals),
        stopping_(signals.token(), [&progress] { progress.say("stopping; press Ctrl-C again to end at once"); }) {
    signals.on_leave([&progress](bool forever) { progress.leave(forever); });
  }
  ~Farewell() { signals_.on_leave({}); }
  Farewell(const Farewell&) = delete;
  Farewell& operator=(const Farewell&) = delete;

 private:
  Signals& signals_;
  std::stop_callback<std::function<void()>> stopping_;
};

}  // namespace sluice::cli
