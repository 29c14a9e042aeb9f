#pragma once
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "harness/core/result.hpp"
#include "harness/services/service.hpp"
#include "harness/services/silence.hpp"

namespace sluice::services {

/// A service that is no longer there when it should be.
struct Loss {
  std::string service;
  std::string how;  ///< "killed by signal 9 (Killed)", "does not answer: ..."
};

/// What has become of a service.
enum class State { not_started, starting, ready, halted, stopped, failed, died, unanswering };
/// As it stands in reports: "ready", "failed to start", "stopped answering".
const char* to_string(State state);

/// Brings all services of a plan up by their needs, in parallel where these allow, watches them, and takes them down in
/// reverse, again in parallel. Watching means: a death is seen when the kernel sees it; and each ready service is asked
/// about once a second whether it still answers, and is lost when it has not done so for its `unanswered_for` (see
/// Silence for what counts).
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
  /// Stops all, and makes every start_service() that is under way give up.
  void stop() noexcept;

  // While the services run, each of these takes one of ours down or up by name, from any thread, beside running checks
  // and probes; those that name the same service wait for each other. Its address stays what it was, and what is done
  // to it here is no loss: neither its end nor, while it is down or halted, the silence of the services that need it.
  // All throw InputError for a name that no service has, and EnvironmentError for one that is external or that was lost
  // before.

  /// Stops it: its state is "stopped" from here on. No-op when that is so already.
  void stop_service(const std::string& name);
  /// Starts it and waits until it is ready; no-op when it is. Throws what start() throws; what fails to start counts as
  /// lost until it is started with success.
  void start_service(const std::string& name, std::stop_token stop);
  /// stop_service and start_service with nothing between them.
  void restart(const std::string& name, std::stop_token stop);
  /// Sends `signal` to its process group. One that asks for its end (SIGTERM, SIGINT, SIGQUIT, SIGABRT, SIGKILL) makes
  /// the end that follows a stop; SIGSTOP makes it "halted" until SIGCONT.
  void signal(const std::string& name, int signal);

  /// The first service that died without being asked to, or stopped answering. Cheap; sees a death as soon as the
  /// kernel does.
  std::optional<Loss> lost() const;
  /// Asks every service whether it still answers as a ready one does, again and again where one does not until it is
  /// clear; the first that is lost. `stop` cuts it short.
  std::optional<Loss> probe_all(std::stop_token stop = {});
  /// Called once, on any thread, when the first service is lost during the run.
  std::function<void()> on_loss;

  /// The attribute's value; throws InputError for a name that no service has.
  std::string attribute(const std::string& service, const std::string& name) const;
  std::vector<ServiceResult> results() const;
  const Service* service(const std::string& name) const;

 private:
  struct Entry {
    plan::ServiceSpec spec;
    std::unique_ptr<Service> service;
    std::mutex control;  // held by whoever starts or stops it; taken before mutex_
    // The rest is guarded by the supervisor's mutex_.
    State state = State::not_started;
    std::string detail;
    std::chrono::nanoseconds ready_after{0};
    bool asked_to_end = false;  ///< a signal was sent that asks for its end
    unsigned starts = 0;        ///< tells an answer of the process that runs from one of its predecessor
  };
  Entry& entry(const std::string& name);
  Entry& own_entry(const std::string& name);
  struct BringUp;
  void bring_up(Entry& entry, BringUp& all,
                const std::function<void(const std::string&, std::chrono::nanoseconds)>& on_ready);
  void start_one(Entry& entry, std::stop_token stop);
  void begin_stop(Entry& entry);
  void stop_held(Entry& entry);
  void start_held(Entry& entry, std::stop_token stop);
  void note_death(Entry& entry);
  void discard_all() noexcept;
  void tell_of_loss(const Loss& loss);
  void watch(std::stop_token stop);
  bool answers(Entry& entry, Silence& silence, std::stop_token stop);
  std::optional<Loss> loss_of(const Entry& entry) const;
  bool must_answer(const Entry& entry) const;

  std::deque<Entry> entries_;  // referred to by address
  const Clock* clock_;
  std::stop_source closing_;
  std::shared_ptr<BringUp> bring_up_;  // while start() runs; guarded by mutex_
  std::atomic<bool> told_ = false;     // on_loss has been called
  mutable std::mutex mutex_;           // guards the entries' state
  std::jthread watcher_;
};

}  // namespace sluice::services
