#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "harness/cli/live_table.hpp"
#include "harness/cli/smoothed_rate.hpp"
#include "harness/cli/styled_line.hpp"
#include "harness/core/check.hpp"

namespace sluice::cli {

/// Columns and rows of a terminal.
struct ScreenSize {
  std::size_t width = 80;
  std::size_t height = 24;
  bool operator==(const ScreenSize&) const = default;
};

/// What runs at this moment, and how that reads on a screen of a given size. Pure: it is told the time, and prints
/// nothing. Names and units may hold anything; what comes out is safe for a terminal.
class LiveModel {
 public:
  using Time = SmoothedRate::Time;
  /// An action and a check may share a name.
  enum class What { services, action, check };

  /// `kind` is shown beside the name: "migration.rows", "action".
  void begin(What what, const std::string& name, const std::string& kind, Time now);
  void progressed(What what, const std::string& name, const Progress& progress, Time now);
  /// The check passed, and its control runs now.
  void control_began(const std::string& check);
  /// Words in place of progress, for what cannot count: the services still waited for.
  void noted(What what, const std::string& name, const std::string& words);
  void end(What what, const std::string& name);

  bool empty() const { return tasks_.empty(); }
  /// One line for each thing that runs, in the order of their beginnings; none wider than `size.width - 1`, and at
  /// most `size.height - 1` lines, the last of which then says how many more there are.
  std::vector<Line> lines(ScreenSize size, Time now) const;
  /// For a log: a sentence for each thing that has been running for `interval` since it began or was last told of.
  std::vector<std::string> overdue(std::chrono::seconds interval, Time now);

 private:
  struct Task {
    What what;
    std::string name;
    std::string kind;
    Time began;
    Time told;
    std::string words = {};
    bool control = false;
    std::optional<Progress> progress = std::nullopt;
    SmoothedRate rate = {};
  };

  Task* find(What what, const std::string& name);
  static LiveRow row_of(const Task& task, Time now);

  std::vector<Task> tasks_;
};

/// "7 s", "1 min 07 s", "2 h 03 min": a duration that counts up without changing its shape at every step.
std::string coarse_duration(std::chrono::nanoseconds duration);

}  // namespace sluice::cli
