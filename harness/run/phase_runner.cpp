#include "harness/run/phase_runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <latch>
#include <thread>

#include "harness/core/errors.hpp"
#include "harness/core/fnv1a.hpp"
#include "harness/core/glob.hpp"
#include "harness/core/printable.hpp"
#include "harness/net/endpoint.hpp"
#include "harness/run/gate.hpp"
#include "harness/run/overlap.hpp"
#include "harness/services/log_tail.hpp"
#include "harness/stores/store_hosts.hpp"
#include "harness/stores/store_url.hpp"

namespace sluice::run {
namespace {

namespace fs = std::filesystem;

// A check's own seed: different for each check, the same for the same run seed.
std::uint64_t seed_of(std::uint64_t run_seed, const std::string& check) {
  return fnv1a(check, run_seed) >> 1;  // fits a signed integer wherever it is written down
}

}  // namespace

std::string PhaseRunner::environment_failure() const {
  const std::lock_guard lock(mutex_);
  return environment_failure_;
}

void PhaseRunner::note_environment(bool ask_services) {
  auto loss = environment_.supervisor().lost();
  if (!loss && ask_services && !stop_.stop_requested()) loss = environment_.supervisor().probe_all(stop_);
  if (!loss) return;
  const std::lock_guard lock(mutex_);
  if (environment_failure_.empty())
    environment_failure_ = fmt::format("service {} died or stopped answering: {}", loss->service, loss->how);
}

bool PhaseRunner::selected(const plan::CheckSpec& check) const {
  return (options_.suite.empty() || check.kind.suite() == options_.suite) &&
         (options_.check.empty() || glob_matches(options_.check, check.name));
}

ActionResult PhaseRunner::run_action(const std::string& name, const std::string& phase) {
  std::string could_not_try;
  auto result = actions_.run(*plan_.action(name), phase, could_not_try);
  if (!could_not_try.empty()) {
    const std::lock_guard lock(mutex_);
    if (environment_failure_.empty()) environment_failure_ = could_not_try;
  }
  return result;
}

bool PhaseRunner::run_actions(const plan::PhaseSpec& phase, PhaseResult& phase_result, ActionTimeline& timeline) {
  for (const auto& name : phase.enter) {
    if (must_stop()) return false;
    timeline.begin(name);
    auto result = run_action(name, phase.name);
    timeline.end();
    note_environment(!result.succeeded);
    phase_result.actions.push_back(std::move(result));
    if (!phase_result.actions.back().succeeded) return false;
  }
  return true;
}

Outcome PhaseRunner::exercise(const plan::CheckSpec& check, CheckContext& context,
                              const std::function<void()>& on_begun) {
  const Parameters parameters(environment_.expand(check.parameters.json()));
  const auto instance = check.kind.make(parameters);
  instance->prepare(context);
  on_begun();
  instance->exercise(context);
  Outcome outcome = instance->judge(context);
  if (outcome.verdict != Verdict::passed || !options_.controls || context.cancelled.stop_requested()) return outcome;
  observer_.control_started(check.name);
  try {
    outcome.control = instance->control(context);
  } catch (const Cancelled&) {
    throw;
  } catch (const std::exception& error) {
    outcome.control = Control{
        .planted = "the control could not be run", .caught = false, .observed = printable_message(error.what(), 1000)};
  }
  if (!outcome.control->caught) {
    const std::string& observed = outcome.control->observed;
    outcome.verdict = Verdict::inconclusive;
    outcome.reason = fmt::format(
        "this check cannot see a planted violation here ({}{}{}); without the control it would have passed: {}",
        outcome.control->planted, observed.empty() ? "" : ": ", observed, outcome.reason);
  }
  return outcome;
}

void PhaseRunner::refuse_foreign_targets(const plan::CheckSpec& check, const CheckContext& context) const {
  for (const auto& [side, url] : context.endpoints) {
    const auto endpoint = net::parse_endpoint(url);
    const auto& allowed = plan_.allow_targets;
    if (net::is_loopback(endpoint) || std::find(allowed.begin(), allowed.end(), endpoint.host) != allowed.end())
      continue;
    throw InputError(fmt::format(
        "{} sends load, and the {} endpoint {} is not this machine; if that is meant, add `allow_targets: [\"{}\"]` "
        "to the plan",
        check.kind.name, side, endpoint.authority(), endpoint.host));
  }
}

void PhaseRunner::refuse_foreign_stores(const plan::CheckSpec& check, const CheckContext& context) const {
  const auto& allowed = plan_.allow_targets;
  for (const auto& [side, url] : context.stores) {
    for (const auto& host : stores::hosts_of(url)) {
      if (net::is_loopback({.host = host}) || std::find(allowed.begin(), allowed.end(), host) != allowed.end())
        continue;
      throw InputError(
          fmt::format("{} writes to both stores, and the {} store {} is not on this machine; if that is meant, add "
                      "`allow_targets: [\"{}\"]` to the plan",
                      check.kind.name, side, stores::redact_url(url), host));
    }
  }
}

CheckResult PhaseRunner::run_check(const plan::CheckSpec& check, const std::string& phase, const std::string& stage,
                                   std::stop_token stop, const std::function<void()>& on_begun,
                                   ActionTimeline* actions) {
  CheckResult result{
      .name = check.name, .kind = check.kind.name, .suite = check.kind.suite(), .phase = phase, .stage = stage};
  result.parameters = check.parameters.json().dump();
  result.started = clock_.today();
  const auto begun = clock_.now();
  result.reproduce = fmt::format("{} --phase {} --check {} --seed {}", options_.check_command, shell_word(phase),
                                 shell_word(check.name), options_.seed);
  observer_.check_started(check.name, check.kind.name);
  const std::string folder = phase + "-" + stage + "-" + check.name;
  CheckContext context{
      .check = check.name,
      .plan_directory = plan_.directory,
      .work = environment_.work() / "checks" / folder,
      .output = fs::absolute(options_.output) / "artifacts" / folder,
      .seed = seed_of(options_.seed, check.name),
      .clock = &clock_,
      .cancelled = stop,
      .progress = [this, &check](const Progress& progress) { observer_.check_progressed(check.name, progress); },
      .reproduce = result.reproduce,
      .start_action =
          [this, stop, folder](const std::string& action, const ActionChanges& changes) {
            return actions_.start(action, changes, environment_.logs() / (folder + "-" + action + ".log"), stop);
          }};
  context.actions = actions;
  try {
    fs::create_directories(context.work);
    fs::create_directories(context.output);
    for (const auto& [side, url] : plan_.endpoints) context.endpoints[side] = environment_.expand(url);
    for (const auto& [side, url] : plan_.stores) context.stores[side] = environment_.expand(url);
    if (before_) context.stores["before"] = before_->url();
    if (check.kind.sends_load) refuse_foreign_targets(check, context);
    if (check.kind.writes_stores) refuse_foreign_stores(check, context);
    result.outcome = exercise(check, context, on_begun);
  } catch (const Cancelled&) {
    result.outcome = Outcome::errored("interrupted before it could conclude");
  } catch (const std::exception& error) {
    result.outcome = Outcome::errored(printable_message(error.what(), 2000));
  }
  std::error_code ignored;
  fs::remove_all(context.work, ignored);
  if (fs::is_empty(context.output, ignored)) fs::remove(context.output, ignored);
  // What was measured against a service that was gone proves nothing, whatever the check made of it.
  note_environment(result.outcome.verdict != Verdict::passed);
  if (const auto failure = environment_failure(); !failure.empty()) {
    result.outcome.verdict = Verdict::errored;
    result.outcome.reason = failure;
  }
  result.outcome.reason = environment_.redactor()(std::move(result.outcome.reason));
  result.duration = clock_.now() - begun;
  observer_.check_finished(result);
  return result;
}

// Checks that must be alone are; the others run side by side where the plan says that they may.
void PhaseRunner::run_stage(const plan::PhaseSpec& phase, const std::vector<std::string>& checks,
                            const std::string& stage, PhaseResult& result) {
  std::vector<std::string> together;
  const auto flush = [&] {
    run_side_by_side(
        phase, together, stage, stop_, [] {}, result);
    together.clear();
  };
  for (const auto& name : checks) {
    const bool alone = !phase.parallel || plan_.check(name)->kind.exclusive;
    if (alone) flush();
    together.push_back(name);
    if (alone) flush();
  }
  flush();
}

// Results come in the plan's order, however the checks end. `on_begun` is called once for each, also for one that never
// gets so far.
void PhaseRunner::run_side_by_side(const plan::PhaseSpec& phase, const std::vector<std::string>& checks,
                                   const std::string& stage, std::stop_token stop,
                                   const std::function<void()>& on_begun, PhaseResult& result,
                                   ActionTimeline* actions) {
  std::vector<std::optional<CheckResult>> done(checks.size());
  std::vector<std::exception_ptr> broken(checks.size());
  const auto run_one = [&](std::size_t index) {
    std::once_flag begun;
    const auto begin_once = [&] { std::call_once(begun, on_begun); };
    try {
      const auto& check = *plan_.check(checks[index]);
      if (selected(check) && !stop.stop_requested() && !must_stop()) {
        done[index] = run_check(check, phase.name, stage, stop, begin_once, actions);
      }
    } catch (...) {
      broken[index] = std::current_exception();
    }
    begin_once();
  };
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < checks.size(); ++i) threads.emplace_back(run_one, i);
    if (!checks.empty()) run_one(0);
  }
  for (const auto& failure : broken) {
    if (failure) std::rethrow_exception(failure);
  }
  for (auto& check : done) {
    if (check) result.checks.push_back(std::move(*check));
  }
}

// Checks that may have company run beside the actions, which wait until each of them has begun; those that must be
// alone follow, as does everything when there is no action.
bool PhaseRunner::run_during(const plan::PhaseSpec& phase, PhaseResult& result) {
  std::vector<std::string> beside;
  std::vector<std::string> alone;
  for (const auto& name : phase.during) {
    const bool may_overlap = !phase.enter.empty() && !plan_.check(name)->kind.exclusive;
    (may_overlap ? beside : alone).push_back(name);
  }
  PhaseResult overlapping;
  bool entered = false;
  {
    std::stop_source abandon;
    const std::stop_callback forward(stop_, [&] { abandon.request_stop(); });
    ActionTimeline timeline(clock_, phase.enter);
    std::latch begun(static_cast<std::ptrdiff_t>(beside.size()));
    std::exception_ptr broken;
    std::jthread checks([&] {
      try {
        run_side_by_side(
            phase, beside, "during", abandon.get_token(), [&] { begun.count_down(); }, overlapping, &timeline);
      } catch (...) {
        broken = std::current_exception();
      }
    });
    begun.wait();
    try {
      entered = run_actions(phase, result, timeline);
    } catch (...) {
      abandon.request_stop();  // or the checks would wait for actions that never come
      throw;
    }
    if (entered) timeline.close();
    if (!entered) abandon.request_stop();  // there is nothing left for them to run beside
    checks.join();
    if (broken) std::rethrow_exception(broken);
  }
  for (auto& check : overlapping.checks) {
    judge_overlap(check, result.actions);
    result.checks.push_back(std::move(check));
  }
  if (entered) run_stage(phase, alone, "during", result);
  return entered;
}

// The store as it is before anything changes it, when a check of the phase compares with that. Without it the phase is
// not entered: what it changes could never be told afterwards.
bool PhaseRunner::clone_store(const plan::PhaseSpec& phase) {
  const auto needs_clone = [&](const std::vector<std::string>& checks) {
    return std::any_of(checks.begin(), checks.end(), [&](const std::string& name) {
      const auto& check = *plan_.check(name);
      return selected(check) && plan::compares_with_before(check);
    });
  };
  if (!plan_.before || must_stop() || (!needs_clone(phase.during) && !needs_clone(phase.after))) return true;
  using stores::TemplateSessions;
  const auto& clone = *plan_.before;
  try {
    const fs::path folder = environment_.work() / "clones";
    fs::create_directories(folder);
    before_.emplace(environment_.expand(plan_.stores.at(clone.side)), folder,
                    stores::CloneOptions{.sessions = clone.sessions == "terminate" ? TemplateSessions::terminate
                                                     : clone.sessions == "refuse"  ? TemplateSessions::refuse
                                                                                   : TemplateSessions::wait,
                                         .patience = std::chrono::ceil<std::chrono::milliseconds>(clone.patience),
                                         .connection = {.cancelled = stop_, .directory = plan_.directory}});
    return true;
  } catch (const Cancelled&) {
    return false;
  } catch (const std::exception& error) {
    const std::lock_guard lock(mutex_);
    if (environment_failure_.empty()) {
      environment_failure_ = environment_.redactor()(
          fmt::format("the store {} could not be cloned before phase {}, which was not entered: {}", clone.side,
                      phase.name, printable_message(error.what(), 1000)));
    }
    return false;
  }
}

// Asked for by the caller, and only for a NO-GO: an undecided phase may still turn out to be right.
void PhaseRunner::take_back(const plan::PhaseSpec& phase, PhaseResult& phase_result, RunResult& result) {
  if (!phase.rollback || phase_result.decision != Decision::no_go) return;
  if (!options_.rollback_on_no_go || must_stop()) {
    result.not_run.push_back({"action", phase.rollback->action, phase.name,
                              must_stop() ? "the run was stopped first"
                                          : "the run was not asked to take a phase back (--rollback-on-no-go)"});
    return;
  }
  ActionResult rollback = run_action(phase.rollback->action, phase.name);
  rollback.within = phase.rollback->within;
  if (rollback.succeeded && rollback.within && rollback.duration > *rollback.within) {
    rollback.succeeded = false;
    rollback.outcome += fmt::format(", but in {}; its window is {}", human_duration(rollback.duration),
                                    human_duration(*rollback.within));
  }
  phase_result.rollback = std::move(rollback);
}

void PhaseRunner::skip_rest(const plan::PhaseSpec& phase, const PhaseResult& phase_result, RunResult& result,
                            const std::string& why) const {
  const auto ran = [](const auto& results, const std::string& name) {
    return std::any_of(results.begin(), results.end(), [&](const auto& entry) { return entry.name == name; });
  };
  for (const auto& name : phase.enter) {
    if (!ran(phase_result.actions, name)) result.not_run.push_back({"action", name, phase.name, why});
  }
  for (const auto& [stage, names] : phase.stages()) {
    for (const auto& name : names) {
      const bool done =
          std::any_of(phase_result.checks.begin(), phase_result.checks.end(),
                      [&](const CheckResult& check) { return check.name == name && check.stage == stage; });
      if (done) continue;
      const bool chosen = selected(*plan_.check(name));
      result.not_run.push_back({"check", name, phase.name, chosen ? why : "it was not selected"});
    }
  }
}

PhaseResult PhaseRunner::run(const plan::PhaseSpec& phase, RunResult& result) {
  PhaseResult phase_result{.name = phase.name};
  phase_result.started = clock_.today();
  const auto begun = clock_.now();
  observer_.phase_started(phase.name, false);

  std::string why_not = "the run was interrupted";
  run_stage(phase, phase.before, "before", phase_result);
  const bool may_enter = std::all_of(phase_result.checks.begin(), phase_result.checks.end(),
                                     [](const CheckResult& check) { return check.outcome.verdict == Verdict::passed; });
  if (!may_enter) {
    why_not = "a check before the phase did not pass, so it was not entered";
  } else if (!clone_store(phase)) {
    // The environment's failure, or an interruption, says why.
  } else if (run_during(phase, phase_result)) {
    run_stage(phase, phase.after, "after", phase_result);
  } else if (!phase_result.actions.empty() && !phase_result.actions.back().succeeded) {
    why_not = fmt::format("action {} failed", phase_result.actions.back().name);
  }
  before_.reset();
  note_environment(false);
  if (const auto failure = environment_failure(); !failure.empty()) why_not = failure;
  skip_rest(phase, phase_result, result, why_not);

  phase_result.policy = gate_policy(phase, plan_, options_.controls);
  phase_result.environment_failure = environment_failure();
  phase_result.interrupted = stop_.stop_requested();
  phase_result.partial = options_.partial();
  // Before the gate looks: a report holds the redacted words, and must lead to the same decision.
  environment_.redactor().apply(phase_result);
  record(decide(phase_result, result.not_run), phase_result);
  take_back(phase, phase_result, result);
  phase_result.duration = clock_.now() - begun;
  observer_.phase_finished(phase_result);
  return phase_result;
}

PhaseResult PhaseRunner::enter(const plan::PhaseSpec& phase, RunResult& result) {
  PhaseResult phase_result{.name = phase.name, .entered_only = true};
  phase_result.started = clock_.today();
  const auto begun = clock_.now();
  observer_.phase_started(phase.name, true);
  ActionTimeline unwatched(clock_, phase.enter);
  const bool entered = run_actions(phase, phase_result, unwatched);
  note_environment(false);
  phase_result.decision = Decision::inconclusive;
  phase_result.deciding_rule =
      entered ? fmt::format("phase {}: entered without its checks, because a later phase needs it", phase.name)
              : fmt::format("phase {}: could not be entered", phase.name);
  for (const auto& [stage, names] : phase.stages()) {
    for (const auto& name : names) {
      result.not_run.push_back(
          {"check", name, phase.name, "the phase was only entered, because a later phase needs it"});
    }
  }
  phase_result.duration = clock_.now() - begun;
  observer_.phase_finished(phase_result);
  return phase_result;
}

}  // namespace sluice::run
