#pragma once
#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "harness/cli/console_writer.hpp"
#include "harness/cli/live_model.hpp"
#include "harness/run/observer.hpp"

namespace sluice::cli {

/// Tells the person at the terminal what happens: a line for each event and, on a terminal, live lines below that show
/// how far everything is that runs. Elsewhere each line begins with the time (UTC), and what runs long is told of every
/// half minute. Everything goes to stderr; results go to stdout. It never makes a check wait.
class ProgressPrinter final : public run::RunObserver {
 public:
  /// `services`: those that will be started, for the live view.
  explicit ProgressPrinter(const std::vector<std::string>& services);

  void service_ready(const std::string& name, std::chrono::nanoseconds after) override;
  void phase_started(const std::string& phase, bool entered_only) override;
  void action_started(const std::string& action) override;
  void action_finished(const ActionResult& result) override;
  void check_started(const std::string& check, const std::string& kind) override;
  void check_progressed(const std::string& check, const Progress& progress) override;
  void control_started(const std::string& check) override;
  void check_finished(const CheckResult& result) override;
  void phase_finished(const PhaseResult& result) override;

  /// Prints a line of ours for good, whole however narrow the terminal is.
  void say(const std::string& line);
  /// From now on nothing is waited for any more: only the environment is held.
  void holding();
  /// Returns when everything so far has been written.
  void flush() { writer_.flush(); }
  /// See ConsoleWriter::leave.
  void leave(bool forever) { writer_.leave(forever); }

 private:
  LiveModel::Time now() const { return clock_.now(); }
  PrintedLine dated(Line line, bool whole) const;
  void print(Line line) { writer_.print(dated(std::move(line), false)); }
  /// For what would only repeat the live lines.
  void print_where_not_live(const std::string& text);
  std::vector<PrintedLine> due();

  const SystemClock clock_;
  const bool live_;
  std::mutex mutex_;  // the model and the services
  LiveModel model_;
  std::vector<std::string> starting_;  ///< services that are not ready yet
  ConsoleWriter writer_;               // last: its thread asks for the others
};

}  // namespace sluice::cli
