#include "harness/services/postgres_service.hpp"

#include <fmt/core.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <pqxx/pqxx>

#include "harness/core/errors.hpp"
#include "harness/net/http_client.hpp"
#include "harness/stores/postgres_connection.hpp"

namespace sluice::services {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
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
    // SIGINT is the fast shutdown: sessions are ended, data is flushed.
    : OwnedService(spec, environment, {SIGINT, std::chrono::seconds(5)}),
      binaries_(find_binaries()),
      folder_(environment.work / spec.name),
      run_as_(unprivileged_user()) {}

std::map<std::string, std::string> PostgresService::attributes() const {
  const std::string socket = folder_.string();
  return {{"url", fmt::format("postgresql://{}@{}:5432", superuser, net::percent_encode(socket))},
          {"socket", socket},
          {"port", "5432"},
          {"user", superuser},
          {"log", log().string()}};
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
      .log = log(),
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
  std::vector<std::string> command{
      (binaries_ / "postgres").string(), "-D", (folder_ / "data").string(), "-k", folder_.string(), "-c",
      "listen_addresses=", "-c", "unix_socket_permissions=0777", "-c", "max_connections=200",
      // in its data folder, not in /dev/shm: it goes with the folder, however the server ends
      "-c", "dynamic_shared_memory_type=mmap", "-c", "timezone=UTC", "-c", "log_timezone=UTC"};
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
  spawn({.command = server_command(), .directory = folder_, .run_as = run_as_, .death_signal = SIGQUIT});
}

std::string PostgresService::ask(const std::string& database, std::stop_token stop) const {
  try {
    stores::StoreOptions options{.connect_timeout = 2s, .statement_timeout = 2s, .cancelled = stop};
    stores::PostgresConnection connection(attributes().at("url") + "/" + net::percent_encode(database), options);
    connection.query("SELECT 1", {}, "asking whether it is ready");
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
  if (!initialised_) {
    parameters_ = expanded(spec_.parameters, environment_, spec_.name);
    prepare_folders();
    initialise(stop);
  }
  spawn_server();
  await([this](std::stop_token cancelled) { return ask("postgres", cancelled); }, spec_.parameters.duration("within"),
        stop);
  if (!initialised_) {
    try {
      create_databases();
    } catch (const pqxx::failure& error) {
      throw EnvironmentError(fmt::format("service {}: cannot create its databases: {}", spec_.name, error.what()));
    }
    initialised_ = true;
  }
  if (const auto missing = probe(stop); !missing.empty())
    throw EnvironmentError(fmt::format("service {}: {}", spec_.name, missing));
}

// One connection only: it is asked every second while others measure.
std::string PostgresService::probe(std::stop_token stop) {
  std::string missing = ask("postgres", stop);
  // It answers, and somebody else has all its sessions.
  if (missing.find("too many clients") != std::string::npos || missing.find("connection slots") != std::string::npos)
    missing.clear();
  return missing;
}

}  // namespace sluice::services
