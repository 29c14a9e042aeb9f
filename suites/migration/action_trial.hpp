#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/net/postgres_statements.hpp"
#include "suites/migration/store_copies.hpp"

namespace sluice::migration {

/// Which point of an action's statements is meant.
struct CrashPoint {
  std::uint64_t statement = 0;
  net::PointKind kind = net::PointKind::before;
  std::string text;  ///< of the statement, for people

  /// "37 commit".
  std::string name() const;
};

/// How one run of an action on copies ended.
struct TrialEnd {
  bool killed = false;     ///< at the chosen point
  bool timed_out = false;  ///< it was killed then
  ActionResult action;
  std::vector<net::StatementRecord> statements;
  std::uint64_t connections = 0;
  std::vector<std::string> problems;       ///< of the proxy
  std::vector<std::string> sessions_left;  ///< that outlived the action: what they were doing last

  bool succeeded() const { return !killed && !timed_out && action.succeeded; }
};

/// Runs the plan's actions against copies, through a proxy where the copy is PostgreSQL's.
class ActionTrial {
 public:
  /// The context and the copies outlive it. `spares`: sides whose stores the action does without.
  ActionTrial(const CheckContext& context, const StoreCopies& copies, std::string action,
              std::chrono::nanoseconds timeout, std::set<std::string> spares)
      : context_(context), copies_(copies), action_(std::move(action)), timeout_(timeout), spares_(std::move(spares)) {}

  /// Runs the action to its end, or kills its process group (SIGKILL) while `kill` is held. Returns when its sessions
  /// have left the server, or after some seconds. May be called from several threads. Throws InputError when the action
  /// cannot be pointed at the copy, and Cancelled.
  TrialEnd run(const StoreCopies::Copy& copy, const std::optional<CrashPoint>& kill = std::nullopt) const;

 private:
  const CheckContext& context_;
  const StoreCopies& copies_;
  std::string action_;
  std::chrono::nanoseconds timeout_;
  std::set<std::string> spares_;
};

/// The InputError for an action whose statements never came to the proxy; nothing when they did.
void require_statements(const TrialEnd& end, const std::string& action);

}  // namespace sluice::migration
