#include "harness/run/action_runner.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "harness/core/errors.hpp"
#include "harness/core/parameters.hpp"
#include "harness/core/printable.hpp"
#include "harness/services/log_tail.hpp"

namespace sluice::run {
namespace {

namespace fs = std::filesystem;
using Deed = plan::ServiceOrder::Deed;

// Inherited by whatever an action starts: what it leaves can be told from what else the run has started.
constexpr const char* mark_name = "SLUICE_ACTION";
constexpr std::chrono::milliseconds patience_with_dying_children{500};

// Redacted word by word: quoting would break a secret up.
std::string joined(const std::vector<std::string>& words, const Redactor& redactor) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + shell_word(redactor(word));
  return text;
}

}  // namespace

std::string describe(const plan::ServiceOrder& order) {
  switch (order.deed) {
    case Deed::start:
      return "start " + order.service;
    case Deed::stop:
      return "stop " + order.service;
    case Deed::restart:
      return "restart " + order.service;
    case Deed::signal:
      return fmt::format("signal {} SIG{}", order.service, sigabbrev_np(order.signal));
  }
  return "";
}

services::SpawnOptions ActionRunner::spawn_options(const plan::ActionSpec& action, const fs::path& log) {
  services::SpawnOptions spawn{.directory = plan_.directory, .log = log};
  for (const auto& word : action.command) spawn.command.push_back(environment_.expand(word));
  for (const auto& [name, value] : action.environment) spawn.environment[name] = environment_.expand(value);
  return spawn;
}

std::unique_ptr<services::ChildProcess> ActionRunner::run_command(const plan::ActionSpec& action,
                                                                  const std::string& mark, ActionResult& result) {
  auto spawn = spawn_options(action, environment_.logs() / ("action-" + action.name + ".log"));
  spawn.environment[mark_name] = mark;
  result.command = joined(spawn.command, environment_.redactor());
  result.log = spawn.log.string();
  fs::remove(spawn.log);
  auto child = environment_.host().spawn(spawn);
  const auto status = child->wait(action.timeout, stop_);
  result.succeeded = status && status->succeeded();
  if (status)
    result.outcome = status->to_string();
  else if (stop_.stop_requested())
    result.outcome = "interrupted";
  else
    result.outcome = "timed out after " + human_duration(action.timeout);
  if (!status) child->end(SIGTERM, std::chrono::seconds(5));
  return child;
}

std::optional<std::string> ActionRunner::what_is_left(const LeftBy& left) const {
  std::vector<std::string> with_the_run;
  std::vector<std::string> with_the_action;
  try {
    for (const auto& process : left_processes(left, patience_with_dying_children, stop_)) {
      (process.group == left.group ? with_the_action : with_the_run).push_back(process.to_string());
    }
  } catch (const Cancelled&) {
    return std::nullopt;  // the run ends now, and they with it
  }
  std::vector<std::string> fates;
  if (!with_the_run.empty()) {
    fates.push_back(
        fmt::format("{} until the end of the run, when sluice ends what is left of it", fmt::join(with_the_run, ", ")));
  }
  if (!with_the_action.empty()) {
    fates.push_back(
        fmt::format("{}, ended by sluice with the action, whose process group it had not left (setsid does)",
                    fmt::join(with_the_action, ", ")));
  }
  if (fates.empty()) return std::nullopt;
  return fmt::format("{}", fmt::join(fates, "; "));
}

namespace {

class StartedAction final : public RunningAction {
 public:
  StartedAction(std::unique_ptr<services::ChildProcess> child, std::optional<std::chrono::nanoseconds> timeout,
                ActionResult so_far, const Clock& clock, const Redactor& redactor, std::stop_token cancelled)
      : child_(std::move(child)),
        timeout_(timeout),
        result_(std::move(so_far)),
        clock_(clock),
        redactor_(redactor),
        begun_(clock.now()),
        cancelled_(std::move(cancelled)) {}

  std::optional<std::chrono::nanoseconds> timeout() const override { return timeout_; }
  std::optional<ActionResult> wait(std::chrono::nanoseconds timeout) override {
    const auto status = child_->wait(timeout, cancelled_);
    if (!status && cancelled_.stop_requested()) throw Cancelled();
    if (!status) return std::nullopt;
    result_.succeeded = status->succeeded();
    result_.outcome = status->to_string();
    result_.duration = clock_.now() - begun_;
    result_.output_tail = redactor_(services::log_tail(result_.log));
    return result_;
  }
  void kill() override { child_->end(SIGKILL, std::chrono::seconds(5)); }

 private:
  std::unique_ptr<services::ChildProcess> child_;
  std::optional<std::chrono::nanoseconds> timeout_;
  ActionResult result_;
  const Clock& clock_;
  const Redactor& redactor_;
  std::chrono::steady_clock::time_point begun_;
  std::stop_token cancelled_;
};

void redirect(services::SpawnOptions& spawn, const std::vector<StoreRedirect>& redirects, const std::string& name) {
  Redirection redirection(redirects);
  for (auto& word : spawn.command) word = redirection.apply(word);
  for (auto& [variable, value] : spawn.environment) value = redirection.apply(value);
  redirection.require_all("action " + name);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view inherited(*entry);
    const auto equals = std::min(inherited.find('='), inherited.size() - 1);
    const std::string_view value = inherited.substr(equals + 1);
    std::string replaced = redirection.apply_beside(value);
    // What `env:` sets stays.
    if (replaced != value) spawn.environment.emplace(inherited.substr(0, equals), std::move(replaced));
  }
}

}  // namespace

std::unique_ptr<RunningAction> ActionRunner::start(const std::string& name, const ActionChanges& changes,
                                                   const fs::path& log, std::stop_token cancelled) {
  const plan::ActionSpec* action = plan_.action(name);
  if (action == nullptr) throw InputError(fmt::format("the plan has no action '{}'", printable(name, 40)));
  if (action->order) throw InputError(fmt::format("action {} is no command; a check can only start commands", name));
  auto spawn = spawn_options(*action, log);
  if (!changes.redirects.empty()) redirect(spawn, changes.redirects, name);
  for (const auto& [variable, value] : changes.environment) spawn.environment[variable] = value;
  ActionResult so_far{.name = name, .phase = {}, .command = joined(spawn.command, environment_.redactor())};
  so_far.log = log.string();
  so_far.started = clock_.today();
  const auto timeout = action->timeout_is_default ? std::nullopt : std::optional(action->timeout);
  return std::make_unique<StartedAction>(environment_.host().spawn(spawn), timeout, std::move(so_far), clock_,
                                         environment_.redactor(), std::move(cancelled));
}

void ActionRunner::carry_out(const plan::ServiceOrder& order, ActionResult& result) {
  result.command = describe(order);
  auto& supervisor = environment_.supervisor();
  if (const auto* service = supervisor.service(order.service)) result.log = service->log().string();
  try {
    if (order.deed == Deed::stop) supervisor.stop_service(order.service);
    if (order.deed == Deed::start) supervisor.start_service(order.service, stop_);
    if (order.deed == Deed::restart) supervisor.restart(order.service, stop_);
    if (order.deed == Deed::signal) supervisor.signal(order.service, order.signal);
    result.succeeded = true;
    result.outcome = order.deed == Deed::stop ? "stopped" : order.deed == Deed::signal ? "sent" : "ready again";
  } catch (const Cancelled&) {
    result.outcome = "interrupted";
  }
}

ActionResult ActionRunner::run(const plan::ActionSpec& action, const std::string& phase, std::string& could_not_try) {
  ActionResult result{.name = action.name, .phase = phase};
  result.started = clock_.today();
  const auto begun = clock_.now();
  observer_.action_started(action.name);
  const std::string mark = fmt::format("{}-{}", environment_.host().run_marker(), ++commands_);
  LeftBy left{.mark = fmt::format("{}={}", mark_name, mark), .adopted_before = adopted_processes()};
  std::unique_ptr<services::ChildProcess> child;  // what stays in its group ends with it
  try {
    if (action.order)
      carry_out(*action.order, result);
    else
      child = run_command(action, mark, result);
  } catch (const EnvironmentError& error) {
    result.outcome = environment_.redactor()(error.what());
    if (!action.order) could_not_try = fmt::format("action {}: {}", action.name, result.outcome);
  }
  result.duration = clock_.now() - begun;
  if (child) {
    left.group = child->pid();
    result.left_running = what_is_left(left);
    child.reset();
  }
  // A service's log says much that has nothing to do with an order that it obeyed.
  if (!action.order || !result.succeeded) {
    result.output_tail = environment_.redactor()(services::log_tail(result.log));
  }
  observer_.action_finished(result);
  return result;
}

}  // namespace sluice::run
