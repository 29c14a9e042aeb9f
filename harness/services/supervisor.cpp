#include "harness/services/supervisor.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <set>
#include <thread>

#include "harness/core/errors.hpp"
#include "harness/services/external_service.hpp"
#include "harness/services/log_tail.hpp"
#include "harness/services/postgres_service.hpp"
#include "harness/services/process_service.hpp"

namespace sluice::services {

namespace {

nlohmann::json expand_all(const nlohmann::json& value, const ServiceEnvironment& environment, const std::string& self) {
  if (value.is_string()) return environment.expand(value.get<std::string>(), self);
  if (!value.is_structured()) return value;
  nlohmann::json filled = value;
  for (auto& item : filled) item = expand_all(item, environment, self);
  return filled;
}

}  // namespace

Parameters expanded(const Parameters& parameters, const ServiceEnvironment& environment, const std::string& self) {
  return Parameters(expand_all(parameters.json(), environment, self));
}

std::unique_ptr<Service> make_service(const plan::ServiceSpec& spec, const ServiceEnvironment& environment) {
  if (spec.kind == "process") return std::make_unique<ProcessService>(spec, environment);
  if (spec.kind == "postgres") return std::make_unique<PostgresService>(spec, environment);
  if (spec.kind == "external") return std::make_unique<ExternalService>(spec, environment);
  throw std::logic_error("service kind '" + spec.kind + "' is declared and not made");
}

Supervisor::Supervisor(
    const std::vector<plan::ServiceSpec>& specs, const ServiceEnvironment& environment,
    const std::function<std::unique_ptr<Service>(const plan::ServiceSpec&, const ServiceEnvironment&)>& make)
    : clock_(environment.clock) {
  entries_.reserve(specs.size());  // entries are referred to by address from here on
  for (const auto& spec : specs) {
    Entry& entry = entries_.emplace_back();
    entry.spec = spec;
    entry.service = make(spec, environment);
    entry.service->on_death = [this, &entry] { note_death(entry); };
  }
}

Supervisor::~Supervisor() { stop(); }

void Supervisor::note_death(Entry& entry) {
  {
    const std::lock_guard lock(mutex_);
    if (entry.state != "ready") return;  // start_one reports deaths before readiness, with the reason
  }
  if (on_loss) on_loss();
}

void Supervisor::start_one(Entry& entry, std::stop_token stop) {
  const auto begun = clock_->now();
  try {
    entry.service->start(stop);
  } catch (const std::exception& error) {
    const std::lock_guard lock(mutex_);
    entry.state = "failed to start";
    entry.detail = error.what();
    throw;
  }
  const std::lock_guard lock(mutex_);
  entry.state = "ready";
  entry.ready_after = clock_->now() - begun;
  order_.push_back(&entry);
}

void Supervisor::start(std::stop_token stop,
                       const std::function<void(const std::string&, std::chrono::nanoseconds)>& on_ready) {
  std::mutex mutex;
  std::condition_variable changed;
  std::set<std::string> ready;
  std::exception_ptr first_failure;
  std::stop_source abandon;
  const std::stop_callback forward(stop, [&] { abandon.request_stop(); });

  const auto run = [&](Entry& entry) {
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] {
        return first_failure || std::all_of(entry.spec.needs.begin(), entry.spec.needs.end(),
                                            [&](const std::string& need) { return ready.contains(need); });
      });
      if (first_failure) return;
    }
    try {
      start_one(entry, abandon.get_token());
      const std::lock_guard lock(mutex);
      ready.insert(entry.spec.name);
      if (on_ready) on_ready(entry.spec.name, entry.ready_after);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!first_failure) first_failure = std::current_exception();
      abandon.request_stop();
    }
    changed.notify_all();
  };
  {
    std::vector<std::jthread> threads;
    for (auto& entry : entries_) threads.emplace_back([&] { run(entry); });
  }
  if (first_failure) std::rethrow_exception(first_failure);
}

void Supervisor::stop() noexcept {
  std::vector<Entry*> order;
  {
    const std::lock_guard lock(mutex_);
    for (auto& entry : entries_) {
      if (entry.state != "ready") continue;
      const auto how = entry.service->died();
      entry.state = how ? "died" : "stopped";
      if (how) entry.detail = *how;
    }
    order.swap(order_);
  }
  for (auto entry = order.rbegin(); entry != order.rend(); ++entry) (*entry)->service->stop();
  for (auto& entry : entries_) entry.service->stop();  // what never became ready
}

Supervisor::Entry& Supervisor::find(const std::string& name) {
  for (auto& entry : entries_) {
    if (entry.spec.name == name) return entry;
  }
  throw InputError(fmt::format("no service is called '{}'", name));
}

// The entry's control is held. The state changes first: whoever then asks does not take the end for a death.
void Supervisor::stop_one(Entry& entry) {
  {
    const std::lock_guard lock(mutex_);
    if (entry.spec.kind == "external") {
      throw EnvironmentError(
          fmt::format("service {} is external: the run neither starts nor stops it", entry.spec.name));
    }
    if (entry.state != "ready") {
      throw EnvironmentError(fmt::format("service {} cannot be stopped: it is {}", entry.spec.name, entry.state));
    }
    entry.state = "stopped";
    std::erase(order_, &entry);
  }
  entry.service->stop();
}

void Supervisor::start_again(Entry& entry, std::stop_token stop) {
  {
    const std::lock_guard lock(mutex_);
    if (entry.state != "stopped") {
      throw EnvironmentError(fmt::format("service {} cannot be started: it is {}", entry.spec.name, entry.state));
    }
  }
  start_one(entry, stop);
}

void Supervisor::stop_service(const std::string& name) {
  Entry& entry = find(name);
  const std::lock_guard control(*entry.control);
  stop_one(entry);
}

void Supervisor::start_service(const std::string& name, std::stop_token stop) {
  Entry& entry = find(name);
  const std::lock_guard control(*entry.control);
  start_again(entry, stop);
}

void Supervisor::restart(const std::string& name, std::stop_token stop) {
  Entry& entry = find(name);
  const std::lock_guard control(*entry.control);
  stop_one(entry);
  start_again(entry, stop);
}

void Supervisor::signal(const std::string& name, int signal) {
  Entry& entry = find(name);
  const std::lock_guard control(*entry.control);
  entry.service->signal(signal);
}

std::optional<Loss> Supervisor::lost() const {
  const std::lock_guard lock(mutex_);
  for (const auto& entry : entries_) {
    if (entry.state != "ready") continue;
    if (const auto how = entry.service->died()) return Loss{entry.spec.name, *how};
  }
  return std::nullopt;
}

std::optional<Loss> Supervisor::probe_all() {
  if (auto loss = lost()) return loss;
  for (auto& entry : entries_) {
    std::string missing;
    {
      const std::lock_guard control(*entry.control);
      {
        const std::lock_guard lock(mutex_);
        if (entry.state != "ready") continue;  // stopped on purpose, or known to be lost
      }
      missing = entry.service->probe();
    }
    if (missing.empty()) continue;
    if (auto loss = lost()) return loss;
    const std::lock_guard lock(mutex_);
    entry.state = "stopped answering";
    entry.detail = missing;
    order_.push_back(&entry);
    return Loss{entry.spec.name, "no longer answers: " + missing};
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
    ServiceResult result{.name = entry.spec.name,
                         .kind = entry.spec.kind,
                         .state = entry.state,
                         .detail = entry.detail,
                         .ready_after = entry.ready_after,
                         .log = entry.service->log().string()};
    if (entry.state == "ready") {
      if (const auto how = entry.service->died()) {
        result.state = "died";
        result.detail = *how;
      }
    }
    const auto attributes = entry.service->attributes();
    if (const auto url = attributes.find("url"); url != attributes.end()) result.address = url->second;
    if (result.state != "ready" && result.state != "stopped" && !result.log.empty())
      result.log_tail = log_tail(result.log);
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace sluice::services
