#pragma once
#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>

#include "harness/run/observer.hpp"

namespace sluice::cli {

/// Tells the person at the terminal what happens: a line for each event, and on a terminal one more line that shows how
/// far the running checks are. Everything goes to stderr; results go to stdout.
class ProgressPrinter final : public run::RunObserver {
 public:
  ProgressPrinter();
  ~ProgressPrinter() override;

  void service_ready(const std::string& name, std::chrono::nanoseconds after) override;
  void phase_started(const std::string& phase, bool entered_only) override;
  void action_started(const std::string& action) override;
  void action_finished(const ActionResult& result) override;
  void check_started(const std::string& check, const std::string& kind) override;
  void check_progressed(const std::string& check, const Progress& progress) override;
  void control_started(const std::string& check) override;
  void check_finished(const CheckResult& result) override;
  void phase_finished(const PhaseResult& result) override;

 private:
  void print(const std::string& line);
  void show_status();
  void clear_status();

  std::mutex mutex_;
  bool live_;
  bool colour_;
  bool status_shown_ = false;
  std::chrono::steady_clock::time_point shown_at_{};
  std::map<std::string, std::string> running_;  ///< check or action -> how far
};

/// Whether to colour a stream: NO_COLOR, then CLICOLOR_FORCE, then whether it is a terminal.
bool use_colour(std::FILE* stream);

}  // namespace sluice::cli
