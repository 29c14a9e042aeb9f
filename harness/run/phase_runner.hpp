#pragma once
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "harness/run/action_runner.hpp"
#include "harness/run/environment.hpp"
#include "harness/run/observer.hpp"
#include "harness/run/runner.hpp"
#include "harness/stores/store_clone.hpp"

namespace sluice::run {

/// Runs phases in an environment that is up: their actions, their checks with controls, their gates.
class PhaseRunner {
 public:
  PhaseRunner(const plan::Plan& plan, const RunOptions& options, Environment& environment, const Clock& clock,
              RunObserver& observer, std::stop_token stop)
      : plan_(plan),
        options_(options),
        environment_(environment),
        clock_(clock),
        observer_(observer),
        stop_(stop),
        actions_(plan, environment, clock, observer, stop) {}

  /// The whole phase, gate included. What did not run is added to `result.not_run`.
  PhaseResult run(const plan::PhaseSpec& phase, RunResult& result);
  /// Only its actions, because a later phase needs it.
  PhaseResult enter(const plan::PhaseSpec& phase, RunResult& result);

  /// "service v2 died: killed by signal 9 (Killed)" once the environment failed; empty while it holds.
  std::string environment_failure() const;

 private:
  bool selected(const plan::CheckSpec& check) const;
  bool run_actions(const plan::PhaseSpec& phase, PhaseResult& phase_result, ActionTimeline& timeline);
  ActionResult run_action(const std::string& name, const std::string& phase);
  void run_stage(const plan::PhaseSpec& phase, const std::vector<std::string>& checks, const std::string& stage,
                 PhaseResult& result);
  void run_side_by_side(const plan::PhaseSpec& phase, const std::vector<std::string>& checks, const std::string& stage,
                        std::stop_token stop, const std::function<void()>& on_begun, PhaseResult& result,
                        ActionTimeline* actions = nullptr);
  bool clone_store(const plan::PhaseSpec& phase);
  bool run_during(const plan::PhaseSpec& phase, PhaseResult& result);
  void take_back(const plan::PhaseSpec& phase, PhaseResult& phase_result, RunResult& result);
  CheckResult run_check(const plan::CheckSpec& check, const std::string& phase, const std::string& stage,
                        std::stop_token stop, const std::function<void()>& on_begun, ActionTimeline* actions);
  Outcome exercise(const plan::CheckSpec& check, CheckContext& context, const std::function<void()>& on_begun);
  void refuse_foreign_targets(const plan::CheckSpec& check, const CheckContext& context) const;
  void refuse_foreign_stores(const plan::CheckSpec& check, const CheckContext& context) const;
  void note_environment(bool ask_services);
  void skip_rest(const plan::PhaseSpec& phase, const PhaseResult& phase_result, RunResult& result,
                 const std::string& why) const;
  bool must_stop() const { return stop_.stop_requested() || !environment_failure().empty(); }

  const plan::Plan& plan_;
  const RunOptions& options_;
  Environment& environment_;
  const Clock& clock_;
  RunObserver& observer_;
  std::stop_token stop_;
  ActionRunner actions_;
  std::optional<stores::StoreClone> before_;  ///< from before the current phase's first action to its end
  mutable std::mutex mutex_;                  // during-checks run beside actions
  std::string environment_failure_;
};

}  // namespace sluice::run
