#pragma once
#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

namespace sluice {

/// A process that goes on when what started it has ended.
struct LeftProcess {
  int number = 0;
  int group = 0;
  std::string name;  ///< its program's, as the kernel keeps it: at most 15 bytes

  /// "sleep (4711)".
  std::string to_string() const;
};

/// The processes that were started with `mark` ("NAME=value") in their environment, whatever group or session they are
/// in now, and those of the process group `group` (0: of none), that still live when `patience` is over: children end a
/// moment after who waited for them. Returns at once when none is left. Throws Cancelled.
std::vector<LeftProcess> left_processes(const std::string& mark, int group, std::chrono::nanoseconds patience,
                                        const std::stop_token& cancelled);

}  // namespace sluice
