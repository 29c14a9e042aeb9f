#include "harness/services/postgres_service.hpp"

#include <fmt/core.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <pqxx/pqxx>

#include "harness/core/errors.hpp"
#include "harness/net/http_client.hpp"
#include "harness/services/log_tail.hpp"
#include "harness/services/readiness.hpp"

namespace sluice::services {
namespace {

namespace fs = std::filesystem;
constexpr const char* superuser = "sluice";

// Debian keeps the server's programs outside PATH, one folder a version; the newest serves.
fs::path find_binaries() {
  fs::path best;
  int best_version = 0;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", none)) {
    const int version = std::atoi(entry.path().filename().c_str());
    if (version > best_version && fs::exists(entry.path() / "bin/postgres")) {
      best_version = version;
      best = entry.path() / "bin";
    }
  }
  if (!best.empty()) return best;
  const auto in_path = find_program("postgres");
  if (!in_path.empty() && fs::exists(in_path.parent_path() / "initdb")) return in_path.parent_path();
  throw EnvironmentError("no PostgreSQL server is installed; run ci/setup, or apt-get install postgresql-15");
}

// PostgreSQL refuses to run as root.
std::optional<RunAs> unprivileged_user() {
  if (getuid() != 0) return std::nullopt;
  for (const char* name : {"postgres", "nobody"}) {
    if (const passwd* user = getpwnam(name)) return RunAs{user->pw_uid, user->pw_gid};
  }
  throw EnvironmentError("neither a user `postgres` nor `nobody` exists to run PostgreSQL as");
}

}  // namespace

PostgresService::PostgresService(const plan::ServiceSpec& spec, const ServiceEnvironment& environment)
    : spec_(spec),
      environment_(environment),
      binaries_(find_binaries()),
      folder_(environment.work / spec.name),
      log_(environment.logs / (spec.name + ".log")),
      run_as_(unprivileged_user()) {}

std::map<std::string, std::string> PostgresService::attributes() const {
  const std::string socket = folder_.string();
  return {{"url", fmt::format("postgresql://{}@{}:5432", superuser, net::percent_encode(socket))},
          {"socket", socket},
          {"port", "5432"},
          {"user", superuser},
          {"log", log_.string()}};
}

void PostgresService::prepare_folders() {
  fs::create_directories(folder_);
  if (run_as_ && chown(folder_.c_str(), run_as_->user, run_as_->group) != 0) {
    throw EnvironmentError(fmt::format("cannot hand {} to the user that PostgreSQL runs as", folder_.string()));
  }
}

void PostgresService::initialise(std::stop_token stop) {
  const SpawnOptions options{
      .command = {(binaries_ / "initdb").string(), "--pgdata", (folder_ / "data").string(), "--username", superuser,
                  "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"},
      .environment = {{"TZ", "UTC"}},
      .directory = folder_,
      .log = log_,
      .run_as = run_as_};
  const auto initdb = environment_.host->spawn(options);
  const auto status = initdb->wait(spec_.parameters.duration("within"), stop);
  if (stop.stop_requested()) throw Cancelled();
  if (!status || !status->succeeded()) {
    throw EnvironmentError(
        fmt::format("service {}: initdb {}", spec_.name, status ? status->to_string() : "took too long"));
  }
}

std::vector<std::string> PostgresService::server_command() const {
  std::vector<std::string> command{(binaries_ / "postgres").string(),
                                   "-D",
                                   (folder_ / "data").string(),
                                   "-k",
                                   folder_.string(),
                                   "-c",
                                   "listen_addresses=",
                                   "-c",
                                   "unix_socket_permissions=0777",
                                   "-c",
                                   "max_connections=200",
                                   "-c",
                                   "timezone=UTC",
                                   "-c",
                                   "log_timezone=UTC"};
  if (!spec_.parameters.boolean("durable")) {
    for (const char* setting : {"fsync=off", "synchronous_commit=off", "full_page_writes=off"}) {
      command.insert(command.end(), {"-c", setting});
    }
  }
  if (parameters_.has("settings")) {
    for (const auto& [name, value] : parameters_.value("settings").items()) {
      command.insert(command.end(), {"-c", name + "=" + value.get<std::string>()});
    }
  }
  return command;
}

void PostgresService::spawn_server() {
  // SIGQUIT: should sluice die, PostgreSQL stops at once but still removes its shared memory.
  const SpawnOptions options{.command = server_command(),
                             .environment = {},
                             .directory = folder_,
                             .log = log_,
                             .run_as = run_as_,
                             .death_signal = SIGQUIT};
  child_ = environment_.host->spawn(options, [this](ExitStatus) {
    if (!stopping_ && on_death) on_death();
  });
}

std::string PostgresService::ask(const std::string& database) const {
  try {
    pqxx::connection connection(
        fmt::format("host={} port=5432 user={} dbname={} connect_timeout=2", folder_.string(), superuser, database));
    pqxx::nontransaction transaction(connection);
    transaction.exec1("SELECT 1");
    return "";
  } catch (const std::exception& error) {
    std::string what = error.what();
    what.erase(std::find(what.begin(), what.end(), '\n'), what.end());
    return what;
  }
}

void PostgresService::create_databases() {
  pqxx::connection connection(
      fmt::format("host={} port=5432 user={} dbname=postgres connect_timeout=2", folder_.string(), superuser));
  pqxx::nontransaction transaction(connection);
  for (const auto& database : parameters_.texts("databases")) {
    transaction.exec0("CREATE DATABASE " + connection.quote_name(database));
  }
}

void PostgresService::start(std::stop_token stop) {
  parameters_ = expanded(spec_.parameters, environment_, spec_.name);
  const bool first = !fs::exists(folder_ / "data" / "PG_VERSION");  // or it comes back with what it held
  prepare_folders();
  if (first) initialise(stop);
  spawn_server();
  const auto dead = [this] {
    const auto status = child_->exited();
    return status ? fmt::format("ended before it was ready ({})", status->to_string()) : std::string();
  };
  await_ready(
      spec_.name, [this] { return ask("postgres"); }, dead, spec_.parameters.duration("within"), stop);
  try {
    if (first) create_databases();
  } catch (const pqxx::failure& error) {
    throw EnvironmentError(fmt::format("service {}: cannot create its databases: {}", spec_.name, error.what()));
  }
  if (const auto missing = probe(); !missing.empty())
    throw EnvironmentError(fmt::format("service {}: {}", spec_.name, missing));
}

std::string PostgresService::probe() {
  for (const auto& database : parameters_.texts("databases")) {
    if (auto missing = ask(database); !missing.empty()) return missing;
  }
  return ask("postgres");
}

void PostgresService::stop() noexcept {
  if (!child_) return;
  stopping_ = true;
  child_->end(SIGINT, std::chrono::seconds(5));  // fast shutdown: sessions are ended, data is flushed
  child_.reset();
  stopping_ = false;
}

void PostgresService::signal(int signal) {
  if (!child_ || child_->exited()) throw EnvironmentError(fmt::format("service {} does not run", spec_.name));
  child_->signal_group(signal);
}

std::optional<std::string> PostgresService::died() const {
  if (!child_ || stopping_) return std::nullopt;
  const auto status = child_->exited();
  if (!status) return std::nullopt;
  return status->to_string();
}

}  // namespace sluice::services
