#include "harness/run/runner.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>

#include "harness/core/errors.hpp"
#include "harness/core/version.hpp"
#include "harness/run/conclusion.hpp"
#include "harness/run/environment.hpp"
#include "harness/run/identity.hpp"
#include "harness/run/phase_runner.hpp"
#include "harness/run/schedule.hpp"

namespace sluice::run {
namespace {

RunResult describe_run(const plan::Plan& plan, const RunOptions& options, const services::RunFolder& folder,
                       const Clock& clock) {
  RunResult result;
  result.run_id = folder.marker();
  result.plan_name = plan.name;
  result.plan_path = plan.path.string();
  result.sluice_version = version;
  result.command = options.command;
  result.seed = options.seed;
  result.controls_enabled = options.controls;
  result.started = clock.today();
  utsname host{};
  if (uname(&host) == 0) {
    result.host = host.nodename;
    result.versions["kernel"] = fmt::format("{} {}", host.sysname, host.release);
  }
  result.versions["cpus"] = std::to_string(sysconf(_SC_NPROCESSORS_ONLN));
  return result;
}

// Whether a phase may be run at all, given what came before in this run.
std::string why_closed(const plan::PhaseSpec& phase, const RunResult& result) {
  for (const auto& need : phase.needs) {
    const auto done =
        std::find_if(result.phases.begin(), result.phases.end(), [&](const PhaseResult& p) { return p.name == need; });
    if (done == result.phases.end()) return fmt::format("it needs phase {}, of which there is no evidence", need);
    const bool entered = done->entered_only && std::all_of(done->actions.begin(), done->actions.end(),
                                                           [](const ActionResult& action) { return action.succeeded; });
    if (!entered && done->decision != Decision::go)
      return fmt::format("it needs phase {}, which is {}", need, to_string(done->decision));
  }
  return "";
}

void skip_phase(const plan::PhaseSpec& phase, const std::string& why, RunResult& result) {
  result.not_run.push_back({"phase", phase.name, phase.name, why});
  for (const auto& name : phase.enter) result.not_run.push_back({"action", name, phase.name, why});
  for (const auto& [stage, names] : phase.stages()) {
    for (const auto& name : names) result.not_run.push_back({"check", name, phase.name, why});
  }
}

void run_phases(const plan::Plan& plan, const RunOptions& options, PhaseRunner& runner, std::stop_token stop,
                RunResult& result) {
  for (const auto& [phase, entered_only] : schedule(plan, options)) {
    std::string why = why_closed(*phase, result);
    if (const auto failure = runner.environment_failure(); !failure.empty()) why = failure;
    if (stop.stop_requested() && why.empty()) why = "the run was interrupted";
    if (entered_only && plan.has_external_services()) why = "it works on external services and was not asked for";
    if (!why.empty()) {
      skip_phase(*phase, why, result);
      continue;
    }
    auto phase_result = entered_only ? runner.enter(*phase, result) : runner.run(*phase, result);
    result.phases.push_back(std::move(phase_result));
  }
}

// Every service's death stops what runs; so does the caller's stop. Outlives the services.
class Stopper {
 public:
  explicit Stopper(std::stop_token outer) : forward_(outer, [this] { source_.request_stop(); }) {}
  Stopper(const Stopper&) = delete;
  Stopper& operator=(const Stopper&) = delete;
  void watch(services::Supervisor& supervisor) {
    supervisor.on_loss = [this] { source_.request_stop(); };
  }
  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::stop_callback<std::function<void()>> forward_;
};

}  // namespace

RunResult run_plan(const plan::Plan& plan, const RunOptions& options, const services::RunFolder& folder,
                   const Clock& clock, RunObserver& observer, std::stop_token stop,
                   const std::function<void(const RunResult&)>& hold) {
  RunResult result = describe_run(plan, options, folder, clock);
  const auto begun = clock.now();
  std::string environment_failure;
  Stopper stopper(stop);
  const Redactor redactor = redactor_for(plan);
  std::optional<Environment> environment;
  try {
    environment.emplace(plan, options, folder, clock, redactor);
    result.identities = environment->identities();
    if (!options.overlay.empty()) {
      if (auto overlay = identify("overlay", options.overlay)) result.identities.push_back(std::move(*overlay));
    }
    stopper.watch(environment->supervisor());
    environment->start(stop, observer);
    PhaseRunner runner(plan, options, *environment, clock, observer, stopper.token());
    run_phases(plan, options, runner, stop, result);
    environment_failure = runner.environment_failure();
  } catch (const EnvironmentError& error) {
    environment_failure = error.what();
  } catch (const Cancelled&) {
    environment_failure.clear();
  }
  if (result.phases.empty() && result.not_run.empty()) {
    for (const auto& planned : schedule(plan, options)) {
      skip_phase(*planned.phase, environment_failure.empty() ? "the run was interrupted" : environment_failure, result);
    }
  }
  result.environment_failure = environment_failure;
  conclude(result);
  if (environment) {
    result.services = environment->supervisor().results();
    redactor.apply(result);
    if (hold && !stop.stop_requested()) hold(result);
    environment->stop();
    for (auto& service : result.services) {
      if (service.state == "ready") service.state = "stopped";
    }
    redactor.clean_folder(environment->logs());
  }
  redactor.apply(result);
  result.duration = clock.now() - begun;
  return result;
}

void hold_services(const plan::Plan& plan, const RunOptions& options, const services::RunFolder& folder,
                   const Clock& clock, RunObserver& observer, std::stop_token stop,
                   const std::function<void(const RunResult&)>& hold) {
  RunResult result = describe_run(plan, options, folder, clock);
  const Redactor redactor = redactor_for(plan);
  try {
    Environment environment(plan, options, folder, clock, redactor);
    environment.start(stop, observer);
    result.services = environment.supervisor().results();
    redactor.apply(result);
    hold(result);
  } catch (const EnvironmentError& error) {
    throw EnvironmentError(redactor(error.what()));
  }
}

}  // namespace sluice::run
