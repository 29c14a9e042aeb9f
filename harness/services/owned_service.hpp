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
  ~OwnedService() override { end(ending_.discard_signal); }

  void stop() noexcept override { end(ending_.signal); }
  void discard() noexcept override { end(ending_.discard_signal); }
  void signal(int signal) override;
  std::optional<std::string> died() const override;
  /// Also notices a process that is halted (SIGSTOP), which the kernel would go on taking connections for.
  std::string probe(std::stop_token stop) final;
  std::chrono::nanoseconds demand() const override;
  std::filesystem::path log() const override { return log_; }

 protected:
  /// How it is asked to end, and how long it then has before SIGKILL.
  struct Ending {
    int signal;
    std::chrono::nanoseconds grace;
    int discard_signal = signal;  ///< when what it holds is thrown away
  };
  OwnedService(const plan::ServiceSpec& spec, const ServiceEnvironment& environment, Ending ending);

  /// What probe() asks of a process that runs.
  virtual std::string ask(std::stop_token stop) = 0;
  /// Starts the process; its log is log(). Throws EnvironmentError that names the service.
  void spawn(SpawnOptions options);
  /// Asks `probe` until it is content, and gives up at once when the process ends. Throws as Service::start does.
  void await(const Probe& probe, std::chrono::nanoseconds within, std::stop_token stop) const;
  /// How it ended; nullopt when it has not within `timeout`, or on a stop.
  std::optional<ExitStatus> wait_for_end(std::chrono::nanoseconds timeout, std::stop_token stop) const;
  /// Whether the log says `text` since the last spawn().
  bool logged(const std::string& text) const;
  /// How the process ended, whoever wanted it to; nullopt while it runs or when there is none.
  std::optional<ExitStatus> ended() const;
  /// "; its log ends with:" and the last lines since the last spawn(); empty when there are none.
  std::string last_words() const;

  plan::ServiceSpec spec_;
  const ServiceEnvironment& environment_;

 private:
  void end(int signal) noexcept;
  void end_with_descendants(ChildProcess& child, int signal, std::chrono::nanoseconds grace) const;

  std::filesystem::path log_;
  Ending ending_;
  std::stop_source gone_;            ///< stopped when the running process has ended
  std::uintmax_t log_begin_ = 0;     ///< where in the log the running process begins
  mutable std::shared_mutex mutex_;  // guards child_: it comes and goes in start() and stop() only
  std::unique_ptr<ChildProcess> child_;
  std::atomic<bool> stopping_ = false;  ///< read on the host's thread too
};

/// The parameter `env`; empty when there is none.
std::map<std::string, std::string> environment_of(const Parameters& parameters);

}  // namespace sluice::services
