#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "harness/core/result.hpp"
#include "harness/services/service.hpp"

namespace sluice::services {

/// A service that is no longer there when it should be.
struct Loss {
  std::string service;
  std::string how;  ///< "killed by signal 9 (Killed)", "does not answer: ..."
};

/// Brings all services of a plan up by their needs, in parallel where these allow, watches them, and takes them down in
/// reverse.
class Supervisor {
 public:
  /// `make` is make_service in earnest; tests put fakes there. Throws what making a service throws.
  Supervisor(const std::vector<plan::ServiceSpec>& specs, const ServiceEnvironment& environment,
             const std::function<std::unique_ptr<Service>(const plan::ServiceSpec&, const ServiceEnvironment&)>& make =
                 make_service);
  ~Supervisor();

  /// Returns when all are ready. Throws EnvironmentError for the first that fails (the others are stopped) and
  /// Cancelled. `on_ready` is called with each name and its time to ready, from any thread, one at a time.
  void start(std::stop_token stop, const std::function<void(const std::string&, std::chrono::nanoseconds)>& on_ready);
  void stop() noexcept;

  /// What actions do to services while the run goes on; from any thread, also beside checks and probes. A service that
  /// was stopped on purpose is not lost, keeps its address and can be started again. Each throws EnvironmentError when
  /// the service is not in a state for it, is not the run's own or does not come back, InputError when there is none of
  /// that name, and those that wait Cancelled.
  void stop_service(const std::string& name);
  void start_service(const std::string& name, std::stop_token stop);
  void restart(const std::string& name, std::stop_token stop);
  void signal(const std::string& name, int signal);

  /// The first service that died without being asked to. Cheap; sees a death as soon as the kernel does.
  std::optional<Loss> lost() const;
  /// Asks every service whether it still answers as a ready one does; the first that does not, or that died.
  std::optional<Loss> probe_all();
  /// Called once, on any thread, when a service dies during the run.
  std::function<void()> on_loss;

  /// The attribute's value; throws InputError for a name that no service has.
  std::string attribute(const std::string& service, const std::string& name) const;
  std::vector<ServiceResult> results() const;
  const Service* service(const std::string& name) const;

 private:
  struct Entry {
    plan::ServiceSpec spec;
    std::unique_ptr<Service> service;
    std::string state = "not started";
    std::string detail;
    std::chrono::nanoseconds ready_after{0};
    std::unique_ptr<std::mutex> control = std::make_unique<std::mutex>();  // one start, stop, signal or probe at a time
  };
  Entry& find(const std::string& name);
  void stop_one(Entry& entry);
  void start_again(Entry& entry, std::stop_token stop);
  void start_one(Entry& entry, std::stop_token stop);
  void note_death(Entry& entry);

  std::vector<Entry> entries_;
  const Clock* clock_;
  mutable std::mutex mutex_;   // guards the entries' state, detail and ready_after, and order_
  std::vector<Entry*> order_;  // as they became ready
};

}  // namespace sluice::services
