#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "harness/stores/store.hpp"

namespace sluice::migration {

/// What ordinary clients do again and again while a migration runs.
struct Probe {
  std::string name;  ///< for people: "write of captures"
  std::string url;   ///< of the database
  std::string sql;   ///< one statement; what it writes is rolled back
};

/// What came of one probe.
struct ProbeResult {
  Probe probe;
  std::uint64_t rounds = 0;                       ///< that were answered
  std::chrono::nanoseconds longest_wait{0};       ///< of a round that was seen waiting for a lock
  std::string blocked_by;                         ///< what the session executed that it waited for the longest
  std::chrono::nanoseconds longest_unblocked{0};  ///< of a round that was not
  std::string failure;                            ///< why it was given up; empty when it never failed
  bool deadlock = false;                          ///< the failure
};

/// Sends probes from connections of their own, one thread each, until it is stopped, and looks every few milliseconds
/// who waits for a lock and for whom.
class LockProbes {
 public:
  static constexpr const char* application_name = "sluice_probe";

  /// Returns when every probe was answered once. Throws EnvironmentError when a database does not answer, and
  /// InputError when a probe fails at once.
  LockProbes(const std::vector<Probe>& probes, const stores::StoreOptions& options, std::chrono::nanoseconds every);
  ~LockProbes();
  LockProbes(const LockProbes&) = delete;
  LockProbes& operator=(const LockProbes&) = delete;

  /// The longest that any probe has waited for a lock so far, in the round that goes on too.
  std::chrono::nanoseconds longest_wait() const;
  /// Forgets what was measured so far.
  void restart();
  /// Ends the probes; one that is still waiting is cut off, and the time that it waited counts. Once.
  std::vector<ProbeResult> stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::migration
