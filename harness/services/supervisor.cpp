#include "harness/services/supervisor.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <exception>
#include <filesystem>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/plan/reference.hpp"
#include "harness/services/external_service.hpp"
#include "harness/services/log_tail.hpp"
#include "harness/services/postgres_service.hpp"
#include "harness/services/process_service.hpp"
#include "harness/services/redis_service.hpp"
#include "harness/services/task_service.hpp"

namespace sluice::services {

namespace {

bool is_needed(const std::string& name, const std::vector<std::string>& needs) {
  return std::find(needs.begin(), needs.end(), name) != needs.end();
}

bool is_end(int signal) {
  return signal == SIGTERM || signal == SIGINT || signal == SIGQUIT || signal == SIGABRT || signal == SIGKILL;
}

}  // namespace

Parameters expanded(const Parameters& parameters, const ServiceEnvironment& environment, const std::string& self) {
  return Parameters(
      plan::fill_texts(parameters.json(), [&](const std::string& text) { return environment.expand(text, self); }));
}

std::unique_ptr<Service> make_service(const plan::ServiceSpec& spec, const ServiceEnvironment& environment) {
  if (spec.kind == "process") return std::make_unique<ProcessService>(spec, environment);
  if (spec.kind == "postgres") return std::make_unique<PostgresService>(spec, environment);
  if (spec.kind == "redis") return std::make_unique<RedisService>(spec, environment);
  if (spec.kind == "task") return std::make_unique<TaskService>(spec, environment);
  if (spec.kind == "external") return std::make_unique<ExternalService>(spec, environment);
  throw std::logic_error("service kind '" + spec.kind + "' is declared and not made");
}

const char* to_string(State state) {
  switch (state) {
    case State::not_started:
      return "not started";
    case State::starting:
      return "starting";
    case State::ready:
      return "ready";
    case State::halted:
      return "halted";
    case State::stopped:
      return "stopped";
    case State::failed:
      return "failed to start";
    case State::died:
      return "died";
    case State::unanswering:
      return "stopped answering";
  }
  return "unknown";
}

// What those who start services at the same time have in common. Somebody who learns of a loss may still hold it when
// start() has returned.
struct Supervisor::BringUp {
  std::mutex mutex;
  std::condition_variable changed;
  std::set<std::string> ready;
  std::exception_ptr first_failure;
  std::stop_source abandon;

  /// False when there is nothing to wait for any more.
  bool wait_for(const std::vector<std::string>& needs) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] {
      return first_failure ||
             std::all_of(needs.begin(), needs.end(), [&](const std::string& need) { return ready.contains(need); });
    });
    return !first_failure;
  }
  void note_ready(const std::string& name, const std::function<void()>& tell) {
    {
      const std::lock_guard lock(mutex);
      ready.insert(name);
      tell();
    }
    changed.notify_all();
  }
  void give_up(std::exception_ptr cause) {
    {
      const std::lock_guard lock(mutex);
      if (!first_failure) first_failure = cause;
    }
    changed.notify_all();
    abandon.request_stop();
  }
  void rethrow_failure() {
    const std::lock_guard lock(mutex);
    if (first_failure) std::rethrow_exception(first_failure);
  }
};

Supervisor::Supervisor(
    const std::vector<plan::ServiceSpec>& specs, const ServiceEnvironment& environment,
    const std::function<std::unique_ptr<Service>(const plan::ServiceSpec&, const ServiceEnvironment&)>& make)
    : clock_(environment.clock) {
  for (const auto& spec : specs) {
    Entry& entry = entries_.emplace_back();
    entry.spec = spec;
    entry.service = make(spec, environment);
    entry.service->on_death = [this, &entry] { note_death(entry); };
  }
}

Supervisor::~Supervisor() { stop(); }

void Supervisor::note_death(Entry& entry) {
  std::optional<Loss> loss;
  {
    const std::lock_guard lock(mutex_);
    loss = loss_of(entry);  // none when stopped on purpose; and start_one reports deaths before readiness itself
  }
  if (loss) tell_of_loss(*loss);
}

void Supervisor::tell_of_loss(const Loss& loss) {
  std::shared_ptr<BringUp> starting;
  {
    const std::lock_guard lock(mutex_);
    starting = bring_up_;
  }
  if (starting) {
    return starting->give_up(std::make_exception_ptr(EnvironmentError(
        fmt::format("service {} was lost while others were still starting: {}", loss.service, loss.how))));
  }
  if (on_loss && !told_.exchange(true)) on_loss();
}

void Supervisor::start_one(Entry& entry, std::stop_token stop) {
  const auto begun = clock_->now();
  State before = State::not_started;
  {
    const std::lock_guard lock(mutex_);
    before = std::exchange(entry.state, State::starting);
    entry.detail.clear();
    entry.asked_to_end = false;
    ++entry.starts;
  }
  try {
    try {
      entry.service->start(stop);
    } catch (const std::filesystem::filesystem_error& error) {
      throw EnvironmentError(fmt::format("service {}: {}", entry.spec.name, error.what()));
    }
  } catch (const Cancelled&) {
    const std::lock_guard lock(mutex_);
    entry.state = before;
    throw;
  } catch (const std::exception& error) {
    const std::lock_guard lock(mutex_);
    entry.state = State::failed;
    entry.detail = error.what();
    throw;
  }
  {
    const std::lock_guard lock(mutex_);
    entry.state = State::ready;
    entry.ready_after = clock_->now() - begun;
  }
  note_death(entry);  // it may have died while it was not yet called ready
}

void Supervisor::bring_up(Entry& entry, BringUp& all,
                          const std::function<void(const std::string&, std::chrono::nanoseconds)>& on_ready) {
  if (!all.wait_for(entry.spec.needs)) return;
  try {
    {
      const std::lock_guard control(entry.control);
      start_one(entry, all.abandon.get_token());
    }
    all.note_ready(entry.spec.name, [&] {
      if (on_ready) on_ready(entry.spec.name, entry.ready_after);
    });
  } catch (...) {
    all.give_up(std::current_exception());
  }
}

void Supervisor::start(std::stop_token stop,
                       const std::function<void(const std::string&, std::chrono::nanoseconds)>& on_ready) {
  const auto all = std::make_shared<BringUp>();
  const std::stop_callback on_stop(stop, [&] { all->abandon.request_stop(); });
  const std::stop_callback on_closing(closing_.get_token(), [&] { all->abandon.request_stop(); });
  const auto note = [this](std::shared_ptr<BringUp> current) {
    const std::lock_guard lock(mutex_);
    bring_up_ = std::move(current);
  };
  note(all);
  watcher_ = std::jthread([this](std::stop_token stopped) { watch(stopped); });
  {
    std::vector<std::jthread> threads;
    for (auto& entry : entries_) threads.emplace_back([&] { bring_up(entry, *all, on_ready); });
  }
  note(nullptr);
  all->rethrow_failure();
  if (const auto loss = lost()) tell_of_loss(*loss);  // the last to get ready may have died since
}

void Supervisor::stop() noexcept {
  closing_.request_stop();
  watcher_ = {};
  {
    const std::lock_guard lock(mutex_);
    for (auto& entry : entries_) {
      if (entry.state != State::ready && entry.state != State::halted) continue;
      const auto how = loss_of(entry);
      entry.state = how ? State::died : State::stopped;
      if (how) entry.detail = how->how;
    }
  }
  discard_all();
}

// What needs another goes before it; what does not wait for each other goes at the same time.
void Supervisor::discard_all() noexcept {
  std::vector<Entry*> order;  // what needs others before those
  const std::function<void(Entry&)> visit = [&](Entry& entry) {
    if (std::find(order.begin(), order.end(), &entry) != order.end()) return;
    for (auto& other : entries_) {
      if (is_needed(entry.spec.name, other.spec.needs)) visit(other);
    }
    order.push_back(&entry);
  };
  for (auto& entry : entries_) visit(entry);
  std::mutex mutex;
  std::condition_variable changed;
  std::set<const Entry*> gone;
  const auto end = [&](Entry& entry) {
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] {
        return std::all_of(entries_.begin(), entries_.end(), [&](const Entry& other) {
          return !is_needed(entry.spec.name, other.spec.needs) || gone.contains(&other);
        });
      });
    }
    {
      const std::lock_guard control(entry.control);
      entry.service->discard();
    }
    const std::lock_guard lock(mutex);
    gone.insert(&entry);
    changed.notify_all();
  };
  std::vector<std::jthread> threads;
  for (Entry* entry : order) {
    try {
      threads.emplace_back([&end, entry] { end(*entry); });
    } catch (const std::system_error&) {  // no more threads: whoever it waits for is already at it
      end(*entry);
    }
  }
}

Supervisor::Entry& Supervisor::entry(const std::string& name) {
  for (auto& entry : entries_) {
    if (entry.spec.name == name) return entry;
  }
  throw InputError(fmt::format("no service is called '{}'", name));
}

Supervisor::Entry& Supervisor::own_entry(const std::string& name) {
  Entry& found = entry(name);
  if (!found.service->ours()) {
    throw EnvironmentError(fmt::format(
        "service {} is external: sluice did not start it, so it neither stops, starts nor signals it; use an "
        "action with a command that does",
        name));
  }
  return found;
}

void Supervisor::begin_stop(Entry& entry) {
  const std::lock_guard lock(mutex_);
  if (const auto loss = loss_of(entry)) {
    if (entry.state != State::failed) {
      throw EnvironmentError(
          fmt::format("service {} was lost before it could be stopped: {}", loss->service, loss->how));
    }
  } else if (entry.state == State::not_started || entry.state == State::starting) {
    throw EnvironmentError(fmt::format("service {} is not up yet", entry.spec.name));
  }
  entry.state = State::stopped;
  entry.detail.clear();
}

void Supervisor::stop_held(Entry& entry) {
  if (closing_.stop_requested()) throw Cancelled();
  begin_stop(entry);
  entry.service->stop();
}

void Supervisor::start_held(Entry& entry, std::stop_token stop) {
  {
    const std::lock_guard lock(mutex_);
    const bool ready = entry.state == State::ready && !entry.asked_to_end;
    if (entry.state == State::halted) {
      throw EnvironmentError(fmt::format("service {} is halted: send it SIGCONT, or restart it", entry.spec.name));
    }
    for (const auto& other : entries_) {
      if (ready || other.state == State::ready || !is_needed(other.spec.name, entry.spec.needs)) continue;
      throw EnvironmentError(fmt::format("service {} cannot be started: it needs {}, which is {}", entry.spec.name,
                                         other.spec.name, to_string(other.state)));
    }
    if (ready && !loss_of(entry)) return;
  }
  stop_held(entry);  // what was asked to end may still be at it; and this refuses one that was lost
  std::stop_source abandon;
  const std::stop_callback on_stop(stop, [&] { abandon.request_stop(); });
  const std::stop_callback on_closing(closing_.get_token(), [&] { abandon.request_stop(); });
  try {
    start_one(entry, abandon.get_token());
  } catch (...) {
    entry.service->stop();  // nothing half up stays behind
    throw;
  }
}

void Supervisor::stop_service(const std::string& name) {
  Entry& entry = own_entry(name);
  const std::lock_guard control(entry.control);
  stop_held(entry);
}

void Supervisor::start_service(const std::string& name, std::stop_token stop) {
  Entry& entry = own_entry(name);
  const std::lock_guard control(entry.control);
  start_held(entry, stop);
}

void Supervisor::restart(const std::string& name, std::stop_token stop) {
  Entry& entry = own_entry(name);
  const std::lock_guard control(entry.control);
  stop_held(entry);
  start_held(entry, stop);
}

void Supervisor::signal(const std::string& name, int signal) {
  Entry& entry = own_entry(name);
  const std::lock_guard control(entry.control);
  {
    const std::lock_guard lock(mutex_);
    if (const auto loss = loss_of(entry))
      throw EnvironmentError(fmt::format("service {} was lost before: {}", name, loss->how));
    // Before the signal is sent: its effect may come at once.
    if (is_end(signal)) entry.asked_to_end = true;
    if (signal == SIGSTOP && entry.state == State::ready) entry.state = State::halted;
  }
  entry.service->signal(signal);
  const std::lock_guard lock(mutex_);
  if (signal == SIGCONT && entry.state == State::halted) entry.state = State::ready;
}

std::optional<Loss> Supervisor::loss_of(const Entry& entry) const {
  if (entry.state == State::failed || entry.state == State::unanswering)
    return Loss{entry.spec.name, fmt::format("{}: {}", to_string(entry.state), entry.detail)};
  if (entry.asked_to_end || (entry.state != State::ready && entry.state != State::halted)) return std::nullopt;
  if (const auto how = entry.service->died()) return Loss{entry.spec.name, *how};
  return std::nullopt;
}

std::optional<Loss> Supervisor::lost() const {
  const std::lock_guard lock(mutex_);
  for (const auto& entry : entries_) {
    if (auto loss = loss_of(entry)) return loss;
  }
  return std::nullopt;
}

std::string Supervisor::attribute(const std::string& service, const std::string& name) const {
  for (const auto& entry : entries_) {
    if (entry.spec.name != service) continue;
    const auto attributes = entry.service->attributes();
    if (const auto found = attributes.find(name); found != attributes.end()) return found->second;
  }
  throw InputError(fmt::format("no service gives ${{{}.{}}}", service, name));
}

const Service* Supervisor::service(const std::string& name) const {
  for (const auto& entry : entries_) {
    if (entry.spec.name == name) return entry.service.get();
  }
  return nullptr;
}

std::vector<ServiceResult> Supervisor::results() const {
  const std::lock_guard lock(mutex_);
  std::vector<ServiceResult> results;
  for (const auto& entry : entries_) {
    State state = entry.state;
    std::string detail = entry.detail;
    if (state == State::ready || state == State::halted) {
      const auto loss = loss_of(entry);
      if (loss) {
        state = State::died;
        detail = loss->how;
      } else if (entry.asked_to_end && entry.service->died()) {
        state = State::stopped;
      }
    }
    ServiceResult result{.name = entry.spec.name,
                         .kind = entry.spec.kind,
                         .state = to_string(state),
                         .detail = detail,
                         .ready_after = entry.ready_after,
                         .log = entry.service->log().string()};
    const auto attributes = entry.service->attributes();
    if (const auto url = attributes.find("url"); url != attributes.end()) result.address = url->second;
    const bool well = state == State::ready || state == State::halted || state == State::stopped;
    if (!well && !result.log.empty()) result.log_tail = log_tail(result.log);
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace sluice::services
