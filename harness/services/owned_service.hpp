#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <string>

#include "harness/services/readiness.hpp"
#include "harness/services/service.hpp"

namespace sluice::services {

/// A service that is one process of ours: everything its kinds share but how it is started and asked. start() may be
/// called again after stop(); died(), signal() and probe() from any thread beside it.
class OwnedService : public Service {
 public:
  ~OwnedService() override { end(); }

  void stop() noexcept override { end(); }
  void signal(int signal) override;
  std::optional<std::string> died() const override;
  std::chrono::nanoseconds demand() const override;
  std::filesystem::path log() const override { return log_; }

 protected:
  /// How it is asked to end, and how long it then has before SIGKILL.
  struct Ending {
    int signal;
    std::chrono::nanoseconds grace;
  };
  OwnedService(const plan::ServiceSpec& spec, const ServiceEnvironment& environment, Ending ending);

  /// Starts the process; its log is log(). Throws EnvironmentError that names the service.
  void spawn(SpawnOptions options);
  /// Asks `probe` until it is content, and gives up at once when the process ends. Throws as Service::start does.
  void await(const Probe& probe, std::chrono::nanoseconds within, std::stop_token stop) const;
  /// Whether the log says `text` since the last spawn().
  bool logged(const std::string& text) const;
  /// How the process ended, whoever wanted it to; nullopt while it runs or when there is none.
  std::optional<ExitStatus> ended() const;
  /// "; its log ends with:" and the last lines since the last spawn(); empty when there are none.
  std::string last_words() const;

  plan::ServiceSpec spec_;
  const ServiceEnvironment& environment_;

 private:
  void end() noexcept;
  void end_with_descendants(ChildProcess& child, int signal, std::chrono::nanoseconds grace) const;

  std::filesystem::path log_;
  Ending ending_;
  std::uintmax_t log_begin_ = 0;     ///< where in the log the running process begins
  mutable std::shared_mutex mutex_;  // guards child_: it comes and goes in start() and stop() only
  std::unique_ptr<ChildProcess> child_;
  std::atomic<bool> stopping_ = false;  ///< read on the host's thread too
};

}  // namespace sluice::services
