#pragma once

namespace sluice::run {

/// Exit codes of every command; 128 + the signal's number when one ended it.
struct ExitCode {
  static constexpr int go = 0;
  static constexpr int no_go = 1;
  static constexpr int usage = 2;
  static constexpr int environment = 3;
  static constexpr int inconclusive = 4;
};

}  // namespace sluice::run
