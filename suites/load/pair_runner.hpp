#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <stop_token>
#include <string>

#include "harness/core/clock.hpp"
#include "harness/net/endpoint.hpp"
#include "suites/load/recording.hpp"
#include "suites/load/settings.hpp"
#include "suites/load/workload.hpp"

namespace sluice::load {

/// Sends load to both sides in pairs of blocks. Both blocks of a pair have the same due times and the same steps; which
/// side goes first is drawn. A block ends when its last request has, so the next one starts on a drained service.
class PairRunner {
 public:
  /// `clock` and `workload` outlive the runner. Throws InputError for endpoints that load cannot be sent to.
  PairRunner(const Settings& settings, const Workload& workload, const std::string& old_url, const std::string& new_url,
             std::uint64_t seed, const Clock& clock);

  /// Opens all connections to both sides. Throws EnvironmentError.
  void connect(const std::stop_token& cancelled);
  /// Sends the same load for `length` in all, both sides in turn, and forgets what came back.
  void warm_up(std::chrono::nanoseconds length, const std::stop_token& cancelled);
  /// The next pair. `planted_slowdown` holds back the new side's answers (see RunOptions). A pair in which the
  /// generator itself stood still measured the machine: it is set aside and another one measured, unless that has
  /// happened so often already that the machine is all there is to see.
  PairRecord measure(const std::stop_token& cancelled, double planted_slowdown = 1);
  /// When the measurement began: block records count from here.
  void start_counting();
  std::chrono::nanoseconds elapsed() const { return clock_.now() - began_; }
  std::uint64_t reconnects() const;
  /// Pairs set aside since start_counting().
  std::uint64_t set_aside() const { return set_aside_; }

 private:
  struct Side {
    net::Endpoint endpoint;
    std::unique_ptr<Generator> generator;
    bool routed = false;
  };
  PairRecord measure_once(const std::stop_token& cancelled, double planted_slowdown);
  BlockRecord run_block(Side& side, const std::vector<std::chrono::nanoseconds>& schedule,
                        const std::vector<std::uint32_t>& steps, const RunOptions& options);

  const Settings settings_;
  const Workload& workload_;
  const Clock& clock_;
  std::mt19937_64 random_;
  Side old_;
  Side new_;
  std::chrono::steady_clock::time_point began_;
  std::uint64_t measured_ = 0;
  std::uint64_t set_aside_ = 0;
};

}  // namespace sluice::load
