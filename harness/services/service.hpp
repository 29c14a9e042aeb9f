#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "harness/core/clock.hpp"
#include "harness/plan/plan.hpp"
#include "harness/services/child_process.hpp"

namespace sluice::services {

/// What services are made in. Outlives them.
struct ServiceEnvironment {
  ProcessHost* host = nullptr;
  std::filesystem::path work;       ///< the run's private folder
  std::filesystem::path memory{};   ///< the run's private folder in memory; empty when it has none
  std::filesystem::path logs;       ///< one log per service
  std::filesystem::path ports;      ///< port locks shared by the user's runs; `templates` beside it is too
  std::filesystem::path directory;  ///< working directory of processes: the plan's folder
  const Clock* clock = nullptr;
  /// Fills the `${...}` references of a text of the service of that name.
  std::function<std::string(const std::string& text, const std::string& self)> expand;
};

/// Something that runs and must be ready. start() and stop() come one at a time; the rest from any thread beside them.
class Service {
 public:
  virtual ~Service() = default;

  /// What `${NAME.…}` means; valid from construction, so that a service can be told its own address.
  virtual std::map<std::string, std::string> attributes() const = 0;
  /// Starts it and waits until it is ready; again after stop(), at the same address. Throws EnvironmentError with the
  /// cause and its last log lines: it ended, it took too long, it could not be started. Throws Cancelled on `stop`.
  virtual void start(std::stop_token stop) = 0;
  /// Ends it; no-op when it does not run or is not ours.
  virtual void stop() noexcept = 0;
  /// Ends it for good, at the end of the run: what it holds is thrown away, so that it need not be brought into order.
  virtual void discard() noexcept { stop(); }
  /// How it ended, if it was ours and has ended without being asked to.
  virtual std::optional<std::string> died() const = 0;
  /// Sends `signal` to its process group. Throws EnvironmentError when it does not run or is not ours.
  virtual void signal(int signal) = 0;
  /// Empty when it answers as a ready service does, else what is wrong. Only after start() has returned once. Bounded
  /// to a few seconds; a stop cuts it short.
  virtual std::string probe(std::stop_token stop) = 0;
  /// Whether it runs on our account: then it can be stopped and started.
  virtual bool ours() const { return true; }
  /// The processor time that its processes have used or waited for so far; zero when it is not ours.
  virtual std::chrono::nanoseconds demand() const { return {}; }
  virtual std::filesystem::path log() const { return {}; }
  /// The program that runs, for its identity; empty when there is none.
  virtual std::filesystem::path program() const { return {}; }
  /// Called once, on any thread, when it dies.
  std::function<void()> on_death;
};

/// The parameters with every reference filled; call it once the needed services run.
Parameters expanded(const Parameters& parameters, const ServiceEnvironment& environment, const std::string& self);

/// Makes the service of `spec`'s kind. Throws EnvironmentError when the machine cannot offer it at all (no PostgreSQL
/// installed).
std::unique_ptr<Service> make_service(const plan::ServiceSpec& spec, const ServiceEnvironment& environment);

}  // namespace sluice::services
