#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "harness/core/check.hpp"
#include "harness/core/left_processes.hpp"
#include "harness/run/environment.hpp"
#include "harness/run/observer.hpp"

namespace sluice::run {

/// Runs a plan's actions: commands of the user's, and orders to the run's own services.
class ActionRunner {
 public:
  ActionRunner(const plan::Plan& plan, Environment& environment, const Clock& clock, RunObserver& observer,
               std::stop_token stop)
      : plan_(plan), environment_(environment), clock_(clock), observer_(observer), stop_(stop) {}

  /// Runs it to its end, its time-out or the stop. What goes wrong with it is in the result. `could_not_try` gets the
  /// reason when the command could not even be started; a service that does not come back is a failed action. What a
  /// command leaves running is in the result too: it fails nothing, because a step may be to start a daemon.
  ActionResult run(const plan::ActionSpec& action, const std::string& phase, std::string& could_not_try);

  /// Starts a command for a check: see StartAction. `log` gets its output; `cancelled` is the check's. The observer is
  /// not told.
  std::unique_ptr<RunningAction> start(const std::string& action, const ActionChanges& changes,
                                       const std::filesystem::path& log, std::stop_token cancelled);

 private:
  services::SpawnOptions spawn_options(const plan::ActionSpec& action, const std::filesystem::path& log);
  std::unique_ptr<services::ChildProcess> run_command(const plan::ActionSpec& action, const std::string& mark,
                                                      ActionResult& result);
  /// What is left of an action that has ended, and what becomes of it.
  std::optional<std::string> what_is_left(const LeftBy& left) const;
  void carry_out(const plan::ServiceOrder& order, ActionResult& result);

  const plan::Plan& plan_;
  Environment& environment_;
  const Clock& clock_;
  RunObserver& observer_;
  std::stop_token stop_;
  int commands_ = 0;  // that run() has started: an action may run several times, and each marks its own
};

/// "restart v2", "signal v2 SIGHUP".
std::string describe(const plan::ServiceOrder& order);

}  // namespace sluice::run
