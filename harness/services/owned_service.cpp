#include "harness/services/owned_service.hpp"

#include <fmt/core.h>

#include <cstring>
#include <mutex>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/process_search.hpp"
#include "harness/services/log_tail.hpp"
#include "harness/services/process_tree.hpp"
#include "harness/services/run_folder.hpp"

namespace sluice::services {

OwnedService::OwnedService(const plan::ServiceSpec& spec, const ServiceEnvironment& environment, Ending ending)
    : spec_(spec), environment_(environment), log_(environment.logs / (spec.name + ".log")), ending_(ending) {}

void OwnedService::spawn(SpawnOptions options) {
  options.log = log_;
  options.environment["SLUICE_SERVICE"] = spec_.name;
  std::error_code none;
  log_begin_ = std::filesystem::file_size(log_, none);
  if (none) log_begin_ = 0;
  stopping_ = false;
  gone_ = std::stop_source();
  try {
    auto child = environment_.host->spawn(options, [this, gone = gone_](ExitStatus) mutable {
      gone.request_stop();
      if (!stopping_ && on_death) on_death();
    });
    const std::lock_guard lock(mutex_);
    child_ = std::move(child);
  } catch (const EnvironmentError& error) {
    throw EnvironmentError(fmt::format("service {}: {}", spec_.name, error.what()));
  }
}

void OwnedService::await(const Probe& probe, std::chrono::nanoseconds within, std::stop_token stop) const {
  const auto dead = [this] {
    const auto status = ended();
    return status ? fmt::format("ended before it was ready ({})", status->to_string()) : std::string();
  };
  std::stop_source over;  // the process has ended, or nobody waits any more
  const std::stop_callback on_end(gone_.get_token(), [&] { over.request_stop(); });
  const std::stop_callback on_stop(stop, [&] { over.request_stop(); });
  await_ready(
      spec_.name, probe, dead, [this] { return last_words(); }, within, over.get_token());
}

std::optional<ExitStatus> OwnedService::wait_for_end(std::chrono::nanoseconds timeout, std::stop_token stop) const {
  return child_->wait(timeout, stop);
}

std::string OwnedService::probe(std::stop_token stop) {
  {
    const std::shared_lock lock(mutex_);
    if (child_ && is_halted(child_->pid())) return "its process is halted (SIGSTOP)";
  }
  return ask(stop);
}

bool OwnedService::logged(const std::string& text) const { return log_contains(log_, text, log_begin_); }

std::string OwnedService::last_words() const {
  constexpr std::size_t lines = 5;
  const std::string tail = log_tail(log_, lines, log_begin_);
  return tail.empty() ? "" : "; its log ends with:\n" + tail;
}

std::optional<ExitStatus> OwnedService::ended() const {
  const std::shared_lock lock(mutex_);
  return child_ ? child_->exited() : std::nullopt;
}

std::optional<std::string> OwnedService::died() const {
  if (stopping_) return std::nullopt;
  const auto status = ended();
  if (!status) return std::nullopt;
  return status->to_string();
}

void OwnedService::signal(int signal) {
  const std::shared_lock lock(mutex_);
  if (!child_ || child_->exited()) {
    throw EnvironmentError(
        fmt::format("service {}: no signal {} ({}) for it: it does not run", spec_.name, signal, strsignal(signal)));
  }
  child_->signal_group(signal);
}

std::chrono::nanoseconds OwnedService::demand() const {
  const std::shared_lock lock(mutex_);
  return child_ ? processor_demand(process_tree(child_->pid())) : std::chrono::nanoseconds(0);
}

// What it started goes with it, also what left its process group: a later start must not meet it.
void OwnedService::end_with_descendants(ChildProcess& child, int signal, std::chrono::nanoseconds grace) const {
  HeldProcesses descendants;
  for (const int process : process_tree(child.pid())) {
    if (process != child.pid()) descendants.hold(process);
  }
  child.end(signal, grace);
  for (const int process :
       processes_with({"SLUICE_RUN=" + environment_.host->run_marker(), "SLUICE_SERVICE=" + spec_.name}))
    descendants.hold(process);
  descendants.kill(std::chrono::seconds(2));
}

void OwnedService::end(int signal) noexcept {
  stopping_ = true;
  // Only this thread replaces child_ (start and stop come one at a time), so it may be read without the lock, and those
  // who ask whether it lives need not wait until it has ended.
  if (child_) end_with_descendants(*child_, signal, ending_.grace);
  std::unique_ptr<ChildProcess> gone;
  {
    const std::lock_guard lock(mutex_);
    gone = std::move(child_);
  }
}

std::map<std::string, std::string> environment_of(const Parameters& parameters) {
  if (!parameters.has("env")) return {};
  return parameters.value("env").get<std::map<std::string, std::string>>();
}

}  // namespace sluice::services
