#include "harness/stores/postgres_clone.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <random>
#include <vector>

#include "harness/core/errors.hpp"
#include "harness/core/pause.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/clone_owner.hpp"
#include "harness/stores/postgres_connection.hpp"
#include "harness/stores/store_url.hpp"

namespace sluice::stores {
namespace {

using namespace std::chrono_literals;

constexpr auto look_every = 20ms;
// A session ends a moment after its client has gone. The moment is counted in looks, each answered by the same server:
// on a machine that stands still for seconds they stand still too.
constexpr int looks_for_farewell = 50;

using std::chrono::steady_clock;

struct Place {
  std::size_t begin;  // of the database's name within the URL
  std::size_t end;
};

[[noreturn]] void refuse(const std::string& url) {
  throw InputError(fmt::format("{}: to clone a database, write postgresql://[USER@]HOST/DATABASE",
                               printable(redact_url(url), 1000)));
}

// A password that was not percent-encoded may hold a slash: the last @ before the query ends what could be one.
Place database_in(const std::string& url) {
  if (!url.starts_with("postgresql://") && !url.starts_with("postgres://")) refuse(url);
  const std::size_t end = std::min(url.find('?'), url.size());
  const auto at = url.substr(0, end).rfind('@');
  const std::size_t host = at == std::string::npos ? url.find("://") + 3 : at + 1;
  const std::size_t slash = url.find('/', host);
  if (slash == std::string::npos || slash + 1 >= end) refuse(url);
  return {slash + 1, end};
}

// The name as libpq reads it: decoded, and not overridden by a parameter.
std::string database_name(const std::string& url) {
  struct Free {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
  };
  const std::unique_ptr<PQconninfoOption, Free> options(PQconninfoParse(url.c_str(), nullptr));
  if (!options || url.find("dbname=") != std::string::npos) refuse(url);
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (std::string_view(option->keyword) == "dbname" && option->val != nullptr) return option->val;
  }
  refuse(url);
}

std::string with_database(const std::string& url, const Place& place, const std::string& name) {
  return url.substr(0, place.begin) + name + url.substr(place.end);
}

// Process, time and chance: no two runs on a shared server meet. Nothing that would have to be quoted or encoded.
std::string unique_name() {
  std::random_device random;
  return fmt::format("{}{:08x}", clone_prefix(), random());
}

// Drops a database with whoever is on it, and what would keep it: prepared transactions, which also hold the server's
// vacuum back, and replication slots.
void drop_database(PostgresConnection& connection, const std::string& url, const StoreOptions& options,
                   const std::string& name, const std::string& doing) {
  const auto prepared = connection.query("SELECT gid FROM pg_prepared_xacts WHERE database = $1", {name}, doing);
  if (!prepared.empty()) {
    PostgresConnection within(url, options);
    for (const auto& row : prepared) {
      within.query("ROLLBACK PREPARED " + within.quote_literal(row[0].value_or("")), {}, doing);
    }
  }
  connection.query(
      "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = $1 AND NOT active", {name},
      doing);
  connection.query(fmt::format("DROP DATABASE IF EXISTS {} WITH (FORCE)", quote_identifier(name)), {}, doing);
}

// What runs that were killed have left on a server that outlived them. One that will not go is not this run's matter.
void sweep(PostgresConnection& connection, const std::string& maintenance_url, const StoreOptions& options) {
  for (const auto& row : connection.query("SELECT datname FROM pg_database WHERE datname LIKE 'sluice\\_clone\\_%'", {},
                                          "looking for clones of earlier runs")) {
    if (!row[0] || !is_abandoned_clone(*row[0])) continue;
    try {
      drop_database(connection, with_database(maintenance_url, database_in(maintenance_url), *row[0]), options, *row[0],
                    "dropping a clone that an earlier run left");
    } catch (const EnvironmentError&) {
    } catch (const InputError&) {  // another user's
    }
  }
}

// The sessions that keep the database from being copied; PostgreSQL ends its own workers by itself.
std::vector<std::string> sessions_on(PostgresConnection& connection, const std::string& database) {
  std::vector<std::string> sessions;
  for (const auto& row :
       connection.query("SELECT format('pid %s, user %s, application %s, %s', pid, coalesce(usename::text, '?'), "
                        "coalesce(nullif(application_name, ''), '?'), coalesce(state, '?')) FROM pg_stat_activity "
                        "WHERE datname = $1 AND backend_type = 'client backend' ORDER BY pid",
                        {database}, "looking for sessions")) {
    sessions.push_back(printable(row[0].value_or(""), 200));
  }
  return sessions;
}

[[noreturn]] void fail_busy(const PostgresConnection& connection, const std::string& database,
                            const std::vector<std::string>& sessions, const std::string& advice) {
  constexpr std::size_t shown = 5;
  std::string list = fmt::format(
      "{}", fmt::join(sessions.begin(),
                      sessions.begin() + static_cast<std::ptrdiff_t>(std::min(shown, sessions.size())), "; "));
  if (sessions.size() > shown) list += fmt::format("; and {} more", sessions.size() - shown);
  throw EnvironmentError(fmt::format("{}: database {} cannot be cloned while others are connected to it: {}. {}",
                                     connection.name(), printable(database, 100), list, advice));
}

}  // namespace

PostgresClone::PostgresClone(const std::string& template_url, CloneOptions options)
    : options_(std::move(options)), database_(unique_name()) {
  const Place place = database_in(template_url);
  const std::string source = database_name(template_url);
  maintenance_url_ = with_database(template_url, place, source == "postgres" ? "template1" : "postgres");
  url_ = with_database(template_url, place, database_);
  create(source);
}

void PostgresClone::create(const std::string& source) {
  PostgresConnection connection(maintenance_url_, options_.connection);
  sweep(connection, maintenance_url_, options_.connection);
  const bool refuses = options_.sessions == TemplateSessions::refuse;
  const auto deadline = steady_clock::now() + options_.patience;
  const std::string statement =
      fmt::format("CREATE DATABASE {} TEMPLATE {}", quote_identifier(database_), quote_identifier(source));
  for (int look = 1;; ++look) {
    auto sessions = sessions_on(connection, source);
    if (sessions.empty()) {
      try {
        exists_ = true;  // from the attempt on: cut off in the middle, the server may still finish it
        connection.query(statement, {}, "cloning database " + printable(source, 100));
        return;
      } catch (const EnvironmentError&) {
        sessions = sessions_on(connection, source);  // somebody came in between: this is what it failed for
        if (sessions.empty()) throw;
      }
    }
    if (refuses ? look >= looks_for_farewell : steady_clock::now() >= deadline)
      fail_busy(connection, source, sessions,
                refuses ? "Close them first, or have them waited for or terminated"
                        : fmt::format("They were still there after {} ms", options_.patience.count()));
    if (options_.sessions == TemplateSessions::terminate) {
      connection.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client "
          "backend'",
          {source}, "ending sessions");
    }
    pause_unless_cancelled(look_every, options_.connection.cancelled);  // the server tells nobody when a session ends
  }
}

void PostgresClone::drop() {
  if (!exists_) return;
  StoreOptions uncancelled = options_.connection;
  uncancelled.cancelled = {};  // it must go also when the check was cancelled
  PostgresConnection connection(maintenance_url_, uncancelled);
  drop_database(connection, url_, uncancelled, database_, "dropping a clone");
  exists_ = false;
}

PostgresClone::~PostgresClone() {
  try {
    drop();
  } catch (const std::exception&) {
    // The server is gone or refuses: a private one takes its databases along.
  }
}

}  // namespace sluice::stores
