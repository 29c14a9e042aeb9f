#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/net/postgres_statements.hpp"
#include "suites/migration/copies/store_copies.hpp"

namespace sluice::migration {

/// Where an action can be killed: at a statement as net::PointKind says, or before a system call that writes to SQLite.
enum class CrashKind { before, after, commit, write };
std::string_view to_string(CrashKind kind);

/// Which of an action's statements, or of its writes, is meant.
struct CrashPoint {
  std::uint64_t number = 0;
  CrashKind kind = CrashKind::before;
  std::string text;  ///< of the statement, or what is written, for people

  /// "37 commit", "5 write".
  std::string name() const;
};

/// How one run of an action on copies ended.
struct TrialEnd {
  bool killed = false;     ///< at the chosen point
  bool timed_out = false;  ///< it was killed then
  ActionResult action;
  std::vector<net::StatementRecord> statements;
  std::vector<std::string> writes;  ///< to SQLite, when they were watched and no write was chosen
  std::vector<std::string> unseen;  ///< SQLite stores (URLs) that were also written to by whom nobody watched
  std::uint64_t connections = 0;
  std::vector<std::string> problems;        ///< of the proxy
  std::vector<std::string> sessions_left;   ///< that outlived the action: what they were doing last
  std::vector<std::string> processes_left;  ///< that outlived it too: their names and numbers

  bool succeeded() const { return !killed && !timed_out && action.succeeded; }
};

struct TrialOptions {
  std::chrono::nanoseconds timeout{0};
  std::set<std::string> spares;  ///< sides whose stores the action does without
  bool watch_writes = false;     ///< to SQLite copies; needed to kill at a write
};

/// Runs the plan's actions against copies, through a proxy where the copy is PostgreSQL's.
class ActionTrial {
 public:
  /// The context and the copies outlive it.
  ActionTrial(const CheckContext& context, const StoreCopies& copies, std::string action, TrialOptions options)
      : context_(context), copies_(copies), action_(std::move(action)), options_(std::move(options)) {}

  /// Runs the action to its end, or kills all of its processes (SIGKILL) while `kill` is held. Returns when its
  /// sessions have left the server and its processes are gone, or after some seconds. May be called from several
  /// threads. Throws InputError when the action cannot be pointed at the copy, and Cancelled.
  TrialEnd run(const StoreCopies::Copy& copy, const std::optional<CrashPoint>& kill = std::nullopt) const;

 private:
  const CheckContext& context_;
  const StoreCopies& copies_;
  std::string action_;
  TrialOptions options_;
};

/// The InputError for an action that ended well and left processes or sessions, whose work the state judged now may not
/// hold yet; nothing when it left none.
void require_ended(const TrialEnd& end, const std::string& action);

/// The InputError for an action of which neither a statement came to a copy nor a write; nothing when one did.
void require_statements(const TrialEnd& end, const std::string& action);

}  // namespace sluice::migration
