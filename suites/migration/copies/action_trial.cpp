#include "suites/migration/copies/action_trial.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <future>
#include <thread>

#include "harness/core/errors.hpp"
#include "harness/core/left_processes.hpp"
#include "harness/core/printable.hpp"
#include "harness/core/process_search.hpp"
#include "harness/stores/postgres_connection.hpp"
#include "suites/migration/copies/lock_probes.hpp"
#include "suites/migration/copies/store_detour.hpp"
#include "suites/migration/copies/write_points.hpp"

namespace sluice::migration {
namespace {

using net::PointDecision;
using net::StatementPoint;

constexpr std::chrono::seconds patience_with_living_sessions{2};
constexpr std::chrono::seconds patience_with_dying_sessions{10};

/// Kills an action at its point; shared with the proxy's threads, which may come to the point before start() returned.
struct Assassin {
  std::optional<CrashPoint> point;
  std::promise<std::shared_ptr<RunningAction>> started;
  std::shared_future<std::shared_ptr<RunningAction>> action{started.get_future().share()};
  std::atomic<bool> killed{false};

  PointDecision at(const StatementPoint& here) {
    if (!point || here.statement != point->number || to_string(here.kind) != to_string(point->kind)) {
      return PointDecision::pass;
    }
    const auto running = action.get();
    if (!running) return PointDecision::cut;
    killed = true;  // before the end that it brings about can be seen
    running->kill();
    return PointDecision::cut;
  }
};

/// Looks for sessions in the databases of a copy.
class SessionWatch {
 public:
  SessionWatch(const CheckContext& context, const StoreCopies& copies, const StoreCopies::Copy& copy)
      : context_(context) {
    for (const auto& store : copy.copied()) {
      if (!store.postgres) continue;
      servers_.emplace_back(
          std::make_unique<stores::PostgresConnection>(maintenance_url(*store.postgres), copies.options()), store.copy);
    }
  }

  // A session ends a moment after its client; the server may have to finish a statement first. What those do that are
  // still there after `patience`.
  std::vector<std::string> left_after(std::chrono::nanoseconds patience) const {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (true) {
      auto left = now();
      if (left.empty() || std::chrono::steady_clock::now() > deadline) return left;
      if (context_.cancelled.stop_requested()) throw Cancelled();
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
    }
  }

  void end_all() const {
    for (const auto& [server, database] : servers_) {
      server->query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name <> $2",
          {database, LockProbes::application_name}, "ending sessions");
    }
  }

 private:
  std::vector<std::string> now() const {
    std::vector<std::string> all;
    for (const auto& [server, database] : servers_) {
      const auto rows = server->query(
          "SELECT concat_ws(' ', a.state, a.application_name, CASE WHEN EXISTS (SELECT FROM pg_locks l WHERE "
          "l.pid = a.pid AND l.locktype = 'advisory') THEN 'holding an advisory lock' END, 'after', left(a.query, "
          "200)) "
          "FROM pg_stat_activity a WHERE a.datname = $1 AND a.backend_type = 'client backend' AND a.application_name "
          "<> $2",
          {database, LockProbes::application_name}, "looking for sessions");
      for (const auto& row : rows) all.push_back(printable(row[0].value_or(""), 300));
    }
    return all;
  }

  const CheckContext& context_;
  std::vector<std::pair<std::unique_ptr<stores::PostgresConnection>, std::string>> servers_;
};

// The group, and who left it: a machine that dies spares nobody.
void kill_all(const std::string& mark, RunningAction& running) {
  running.kill();
  for (const int process : processes_with({mark})) ::kill(process, SIGKILL);
}

// Null when there is no SQLite store to be written to.
std::unique_ptr<WritePoints> watch_writes(const StoreCopies::Copy& copy, const std::filesystem::path& work,
                                          const std::optional<CrashPoint>& kill) {
  std::vector<std::filesystem::path> files;
  for (const auto& store : copy.copied()) {
    if (!store.postgres) files.emplace_back(store.copy);
  }
  if (files.empty()) return nullptr;
  return std::make_unique<WritePoints>(files, work, kill && kill->kind == CrashKind::write ? kill->number : 0);
}

// With the originals' names, which are the same in every run.
std::vector<std::string> named_writes(const WritePoints& writes, const StoreCopies::Copy& copy) {
  auto texts = writes.texts();
  for (const auto& store : copy.copied()) {
    if (store.postgres) continue;
    const std::string name = std::filesystem::path(store.copy).filename().string();
    for (auto& text : texts) {
      const auto at = text.find(" " + name);
      if (at == std::string::npos) continue;
      text.replace(at + 1, name.size(), std::filesystem::path(store.url.substr(store.url.find(':') + 1)).filename());
    }
  }
  return texts;
}

std::vector<std::string> unseen_writes(const WritePoints& writes, const StoreCopies::Copy& copy) {
  const auto changed = writes.changed_unseen();
  std::vector<std::string> urls;
  for (const auto& store : copy.copied()) {
    std::error_code unresolved;
    const auto file = std::filesystem::weakly_canonical(store.copy, unresolved).string();
    const bool unseen = !store.postgres && std::find(changed.begin(), changed.end(), file) != changed.end();
    if (unseen) urls.push_back(store.url);
  }
  return urls;
}

}  // namespace

std::string_view to_string(CrashKind kind) {
  switch (kind) {
    case CrashKind::before:
      return to_string(net::PointKind::before);
    case CrashKind::after:
      return to_string(net::PointKind::after);
    case CrashKind::commit:
      return to_string(net::PointKind::commit);
    case CrashKind::write:
      return "write";
  }
  return "?";
}

std::string CrashPoint::name() const { return fmt::format("{} {}", number, to_string(kind)); }

TrialEnd ActionTrial::run(const StoreCopies::Copy& copy, const std::optional<CrashPoint>& kill) const {
  if (!context_.start_action) throw InputError("this check runs an action of the plan, and here is no plan");
  const auto assassin = std::make_shared<Assassin>();
  assassin->point = kill;
  net::StatementLedger ledger([assassin](const StatementPoint& here) { return assassin->at(here); });
  StoreDetour detour(copy, context_.plan_directory, options_.spares, context_.work, ledger);
  const auto writes = options_.watch_writes ? watch_writes(copy, context_.work, kill) : nullptr;
  ActionChanges changes{.redirects = detour.redirects(), .environment = {}};
  if (writes) changes.environment = writes->environment();
  // Whatever it starts inherits this, and can be told from what works on other copies.
  const std::string mark = fmt::format("{}-{}", getpid(), copy.copied().front().copy);
  changes.environment["SLUICE_TRIAL"] = mark;
  const std::string marked = "SLUICE_TRIAL=" + mark;
  TrialEnd end;
  const SessionWatch watch(context_, copies_, copy);
  const LeftBy left{.mark = marked, .adopted_before = adopted_processes()};
  {
    std::shared_ptr<RunningAction> running;
    try {
      running = context_.start_action(action_, changes);
    } catch (...) {
      assassin->started.set_value(nullptr);
      throw;
    }
    assassin->started.set_value(running);
    std::optional<ActionResult> result;
    try {
      end.allowed = time_allowed(*running, action_, options_.timeout);
      result = running->wait(end.allowed.time);
      if (!result) {
        end.timed_out = true;
        running->kill();
        result = running->wait(std::chrono::seconds(1));
      }
    } catch (...) {
      ledger.cut();
      running->kill();
      throw;
    }
    if (result) end.action = *result;
    end.killed = assassin->killed || (writes && writes->killed());
    if (end.killed || end.timed_out) kill_all(marked, *running);
    // Before what the action left behind is killed with it.
    if (!end.killed && !end.timed_out) {
      end.sessions_left = watch.left_after(patience_with_living_sessions);
      for (const auto& process : left_processes(left, patience_with_living_sessions, context_.cancelled)) {
        end.processes_left.push_back(process.to_string());
      }
    }
  }
  end.connections = detour.connections();
  end.problems = detour.problems();
  end.statements = ledger.records();
  if (writes) end.writes = named_writes(*writes, copy);
  if (writes && !kill) end.unseen = unseen_writes(*writes, copy);
  detour.close();  // also what the action left open at the server
  // A server may go on with a long statement whose client is gone.
  if (end.timed_out || !end.sessions_left.empty()) watch.end_all();
  const auto dying = watch.left_after(patience_with_dying_sessions);
  end.sessions_left.insert(end.sessions_left.end(), dying.begin(), dying.end());
  return end;
}

std::string TrialEnd::how() const {
  return timed_out ? "did not end within " + allowed.to_string() : "ended with " + action.outcome;
}

void require_ended(const TrialEnd& end, const std::string& action) {
  if (!end.succeeded() || (end.processes_left.empty() && end.sessions_left.empty())) return;
  std::vector<std::string> left;
  for (const auto& process : end.processes_left) left.push_back("process " + process);
  for (const auto& session : end.sessions_left) left.push_back("a session, " + session);
  throw InputError(fmt::format(
      "action {} ended and left running: {}; what they do later is seen by no check, so let the action wait "
      "for them and close its sessions",
      action, fmt::join(left, "; ")));
}

void require_statements(const TrialEnd& end, const std::string& action) {
  if (!end.statements.empty() || !end.writes.empty()) return;
  std::string why = end.problems.empty() ? "" : "; " + end.problems.front();
  if (!end.timed_out && !end.succeeded()) {
    throw InputError(fmt::format("action {} ended with {} before a statement of it came to a copy of the stores{}: {}",
                                 action, end.action.outcome, why, printable(end.action.output_tail, 600)));
  }
  if (end.timed_out) {
    throw InputError(fmt::format(
        "action {} {}, and not one statement of it had come to a copy of the stores{}: give it more time, or see what "
        "it waits for",
        action, end.how(), why));
  }
  throw InputError(fmt::format(
      "action {}: not one statement of it came to a copy of the stores, nor a write, though it was pointed there; does "
      "it take the store's address from somewhere else than its command and `env:`?{}",
      action, why));
}

}  // namespace sluice::migration
