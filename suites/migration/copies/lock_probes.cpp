#include "suites/migration/copies/lock_probes.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "harness/core/errors.hpp"
#include "harness/core/pause.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/postgres_connection.hpp"

namespace sluice::migration {
namespace {

using std::chrono::steady_clock;
using stores::PostgresConnection;

constexpr std::chrono::milliseconds look_every{5};
constexpr const char* deadlock_state = "40P01";

// Who of the probes waits for a lock, and what those do who are in its way; other probes are never to blame.
constexpr const char* waiting_query = R"sql(
  SELECT w.pid::text, concat_ws(' ', left(b.query, 300),
         CASE WHEN b.state LIKE 'idle in%' THEN '(' || b.state || ' since then)' END,
         'holding ' || (SELECT string_agg(DISTINCT h.mode, ', ') FROM pg_locks n JOIN pg_locks h
                          ON h.locktype = n.locktype AND h.database IS NOT DISTINCT FROM n.database
                         AND h.relation IS NOT DISTINCT FROM n.relation
                         AND h.transactionid IS NOT DISTINCT FROM n.transactionid
                        WHERE n.pid = w.pid AND NOT n.granted AND h.pid = b.pid AND h.granted),
         '; it waits itself for: ' || (SELECT string_agg(left(o.query, 200), '; ' ORDER BY o.pid)
                         FROM pg_stat_activity o WHERE o.pid = ANY (pg_blocking_pids(b.pid))))
    FROM pg_stat_activity w CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS x (pid)
    JOIN pg_stat_activity b ON b.pid = x.pid
   WHERE w.datname = current_database() AND w.wait_event_type = 'Lock' AND w.application_name = 'sluice_probe'
     AND b.application_name <> 'sluice_probe')sql";

/// One probe: what its thread and the one that looks share.
struct Line {
  Probe probe;  ///< never changes while the threads run, so it is read without the lock
  ProbeResult result;
  std::optional<steady_clock::time_point> begun;  ///< of the round that goes on
  std::map<std::string, std::uint64_t> blockers;  ///< of that round: in how many looks each was seen
  bool answered_once = false;
  int backend = 0;
};

// What was in the way for most of the wait is to blame: at its end, whatever waited for somebody else itself no longer
// does.
const std::string& most_seen(const std::map<std::string, std::uint64_t>& blockers) {
  return std::max_element(blockers.begin(), blockers.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

stores::StoreOptions patient(stores::StoreOptions options) {
  options.lock_timeout = std::chrono::milliseconds(0);  // none: how long it waits is what is measured
  return options;
}

}  // namespace

struct LockProbes::State {
  State(const std::vector<Probe>& probes, stores::StoreOptions given, std::chrono::nanoseconds interval)
      : options(patient(std::move(given))), every(interval), lines(probes.size()) {
    for (std::size_t i = 0; i < probes.size(); ++i) lines[i].probe = probes[i];
  }

  void run_probe(Line& line, const std::stop_token& stop) {
    stores::StoreOptions own = options;
    own.cancelled = stop;
    try {
      PostgresConnection connection(line.probe.url, own);
      connection.query(fmt::format("SET application_name = '{}'", application_name), {}, "naming the session");
      {
        const std::lock_guard lock(mutex);
        line.backend = PQbackendPID(connection.handle());
      }
      while (!stop.stop_requested() && one_round(connection, line)) pause_for(every, stop);
    } catch (const Cancelled&) {
      const std::lock_guard lock(mutex);
      end_round(line);
    } catch (const std::exception& error) {
      give_up(line, error.what(), false);
    }
  }

  // False when it failed and is given up.
  bool one_round(PostgresConnection& connection, Line& line) {
    const std::string doing = line.probe.name;
    connection.query("BEGIN", {}, doing);
    {
      const std::lock_guard lock(mutex);
      line.begun = steady_clock::now();
      line.blockers.clear();
    }
    connection.start(line.probe.sql, doing);
    std::string failure;
    bool deadlock = false;
    while (const auto result = connection.next_result(doing)) {
      if (PQresultStatus(result.get()) != PGRES_FATAL_ERROR) continue;
      failure = printable(PQresultErrorMessage(result.get()), 300);
      const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
      deadlock = state != nullptr && std::string_view(state) == deadlock_state;
    }
    {
      const std::lock_guard lock(mutex);
      end_round(line);
      if (failure.empty()) {
        ++line.result.rounds;
        line.answered_once = true;
      }
    }
    changed.notify_all();
    connection.query("ROLLBACK", {}, doing);
    if (!failure.empty()) give_up(line, failure, deadlock);
    return failure.empty();
  }

  // With the mutex held.
  static void end_round(Line& line) {
    if (!line.begun) return;
    const auto took = steady_clock::now() - *line.begun;
    line.begun.reset();
    auto& result = line.result;
    if (line.blockers.empty()) {
      result.longest_unblocked = std::max<std::chrono::nanoseconds>(result.longest_unblocked, took);
    } else if (took > result.longest_wait) {
      result.longest_wait = took;
      result.blocked_by = most_seen(line.blockers);
    }
  }

  void give_up(Line& line, const std::string& why, bool deadlock) {
    {
      const std::lock_guard lock(mutex);
      line.begun.reset();
      line.result.failure = why;
      line.result.deadlock = deadlock;
    }
    changed.notify_all();
  }

  void look(const std::string& url, const std::stop_token& stop) {
    stores::StoreOptions own = options;
    own.cancelled = stop;
    try {
      PostgresConnection connection(url, own);
      connection.query(fmt::format("SET application_name = '{}'", application_name), {}, "naming the session");
      while (!stop.stop_requested()) {
        const auto asked = steady_clock::now();
        note_waits(url, asked, connection.query(waiting_query, {}, "looking who waits for a lock"));
        pause_for(look_every, stop);
      }
    } catch (const Cancelled&) {
    } catch (const std::exception& error) {
      const std::lock_guard lock(mutex);
      if (blind.empty()) blind = error.what();
    }
  }

  void note_waits(const std::string& url, steady_clock::time_point asked,
                  const std::vector<PostgresConnection::Row>& rows) {
    const std::lock_guard lock(mutex);
    ++looks;
    for (const auto& row : rows) {
      for (auto& line : lines) {
        const bool is_it = line.probe.url == url && std::to_string(line.backend) == row[0];
        // A round that began after the question is not the one of which the answer tells.
        if (is_it && line.begun && *line.begun <= asked) ++line.blockers[printable(row[1].value_or(""), 900)];
      }
    }
  }

  void start() {
    std::set<std::string> urls;
    for (auto& line : lines) {
      urls.insert(line.probe.url);
      threads.emplace_back([this, &line](const std::stop_token& stop) { run_probe(line, stop); });
    }
    for (const auto& url : urls) {
      threads.emplace_back([this, url](const std::stop_token& stop) { look(url, stop); });
    }
    std::unique_lock lock(mutex);
    changed.wait(lock, options.cancelled, [&] {
      return std::all_of(lines.begin(), lines.end(),
                         [](const Line& line) { return line.answered_once || !line.result.failure.empty(); });
    });
    if (options.cancelled.stop_requested()) throw Cancelled();
    for (const auto& line : lines) {
      if (line.result.failure.empty()) continue;
      throw InputError(
          fmt::format("the probe {} failed before anything else ran: {}", line.probe.name, line.result.failure));
    }
  }

  const stores::StoreOptions options;
  const std::chrono::nanoseconds every;
  mutable std::mutex mutex;
  std::condition_variable_any changed;
  std::vector<Line> lines;
  std::uint64_t looks = 0;
  std::string blind;  ///< why nobody looks any more
  std::vector<std::jthread> threads;
};

LockProbes::LockProbes(const std::vector<Probe>& probes, const stores::StoreOptions& options,
                       std::chrono::nanoseconds every)
    : state_(std::make_unique<State>(probes, options, every)) {
  state_->start();
}
LockProbes::~LockProbes() = default;

std::chrono::nanoseconds LockProbes::longest_wait() const {
  const std::lock_guard lock(state_->mutex);
  std::chrono::nanoseconds longest{0};
  for (const auto& line : state_->lines) {
    longest = std::max(longest, line.result.longest_wait);
    if (!line.begun || line.blockers.empty()) continue;
    longest = std::max<std::chrono::nanoseconds>(longest, steady_clock::now() - *line.begun);
  }
  return longest;
}

void LockProbes::restart() {
  const std::lock_guard lock(state_->mutex);
  for (auto& line : state_->lines) {
    if (line.result.failure.empty()) line.result = {};
  }
}

std::vector<ProbeResult> LockProbes::stop() {
  for (auto& thread : state_->threads) thread.request_stop();
  state_->threads.clear();
  if (!state_->blind.empty()) throw EnvironmentError(state_->blind);
  std::vector<ProbeResult> results;
  for (const auto& line : state_->lines) {
    results.push_back(line.result);
    results.back().probe = line.probe;
  }
  return results;
}

}  // namespace sluice::migration
