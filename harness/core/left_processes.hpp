#pragma once
#include <chrono>
#include <set>
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

/// Our children that nobody here has started: orphans of what we started, which came to us (PR_SET_CHILD_SUBREAPER),
/// whatever they did to their environment. What we start carries the run's mark.
std::set<int> adopted_processes();

/// By what those that a program has started are found.
struct LeftBy {
  std::string mark;              ///< "NAME=value" in their environment, whatever group or session they are in now
  int group = 0;                 ///< process group that they are in; 0: of none
  std::set<int> adopted_before;  ///< adopted_processes() when it was started; who came since is counted as its own
};

/// Those that still live when `patience` is over: children end a moment after who waited for them. Returns at once
/// when none is left. Throws Cancelled.
std::vector<LeftProcess> left_processes(const LeftBy& left, std::chrono::nanoseconds patience,
                                        const std::stop_token& cancelled);

}  // namespace sluice
