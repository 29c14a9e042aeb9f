#include "harness/services/postgres_service.hpp"

#include <fmt/core.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <pqxx/pqxx>

#include "harness/core/errors.hpp"
#include "harness/net/http_client.hpp"
#include "harness/services/memory_room.hpp"
#include "harness/services/postgres_loader.hpp"
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
    // SIGINT is the fast shutdown: sessions are ended, data is flushed. SIGQUIT flushes nothing.
    : OwnedService(spec, environment, {SIGINT, std::chrono::seconds(5), SIGQUIT}),
      binaries_(find_binaries()),
      folder_(environment.work / spec.name),
      run_as_(unprivileged_user()),
      template_(environment.ports.parent_path() / "templates",
                {binaries_ / "initdb",
                 {"--username", superuser, "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"},
                 run_as_}) {}

std::map<std::string, std::string> PostgresService::attributes() const {
  const std::string socket = folder_.string();
  return {{"url", fmt::format("postgresql://{}@{}:5432", superuser, net::percent_encode(socket))},
          {"socket", socket},
          {"port", "5432"},
          {"user", superuser},
          {"log", log().string()}};
}

void PostgresService::give_folder(const fs::path& folder) const {
  fs::create_directories(folder);
  if (run_as_ && chown(folder.c_str(), run_as_->user, run_as_->group) != 0) {
    throw EnvironmentError(fmt::format("cannot hand {} to the user that PostgreSQL runs as", folder.string()));
  }
}

// A cluster is a thousand small files: in memory they are there, and gone again, in a tenth of the time.
void PostgresService::choose_storage() {
  StorageRequest request{.wanted = parameters_.text("storage"),
                         .durable = parameters_.boolean("durable"),
                         .room = memory_room(environment_.memory)};
  if (parameters_.has("load")) {
    for (const auto& entry : parameters_.value("load")) {
      std::error_code none;
      const auto size = fs::file_size(environment_.directory / Parameters(entry).text("file"), none);
      if (!none) request.loaded += size;  // what cannot be read is refused when it is loaded
    }
  }
  const std::string why = why_on_disk(request);
  if (!why.empty() && request.wanted == "memory") {
    throw EnvironmentError(
        fmt::format("service {}: its data cannot lie in memory as `storage: memory` asks: {}; make room, or choose "
                    "`storage: disk` or `auto`",
                    spec_.name, why));
  }
  in_memory_ = why.empty();
  const fs::path parent = in_memory_ ? environment_.memory / spec_.name : folder_;
  give_folder(folder_);
  if (in_memory_) give_folder(parent);
  data_ = parent / "data";
  std::ofstream(log(), std::ios::app) << "sluice: data in " << data_.string()
                                      << (in_memory_ ? " (memory)" : " (disk: " + why + ")") << '\n';
}

std::vector<std::string> PostgresService::server_command() const {
  std::vector<std::string> command{
      (binaries_ / "postgres").string(), "-D", data_.string(), "-k", folder_.string(), "-c", "listen_addresses=", "-c",
      "unix_socket_permissions=0777", "-c", "max_connections=200",
      // in its data folder: it goes with the folder, however the server ends
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
  command.insert(command.end(), {"-c", "port=5432"});  // whatever PGPORT says
  return command;
}

void PostgresService::spawn_server() {
  // SIGQUIT: should sluice die, PostgreSQL stops at once but still removes its shared memory.
  spawn({.command = server_command(), .directory = folder_, .run_as = run_as_, .death_signal = SIGQUIT});
}

std::string PostgresService::ask_database(const std::string& database, std::stop_token stop) const {
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
  pqxx::connection connection(attributes().at("url") + "/postgres");
  pqxx::nontransaction transaction(connection);
  for (const auto& database : parameters_.texts("databases")) {
    if (database != "postgres") transaction.exec0("CREATE DATABASE " + connection.quote_name(database));
  }
}

void PostgresService::create_extensions() {
  const auto extensions = parameters_.texts("extensions");
  if (extensions.empty()) return;
  auto databases = parameters_.texts("databases");
  if (databases.empty()) databases = {"postgres"};
  for (const auto& database : databases) {
    pqxx::connection connection(attributes().at("url") + "/" + net::percent_encode(database));
    pqxx::nontransaction transaction(connection);
    transaction.exec0("SET client_min_messages = warning");
    for (const auto& extension : extensions) {
      transaction.exec0(fmt::format("CREATE EXTENSION IF NOT EXISTS {} CASCADE", connection.quote_name(extension)));
    }
  }
}

void PostgresService::load_files(std::stop_token stop) {
  if (!parameters_.has("load")) return;
  const LoadTools tools{.host = environment_.host,
                        .binaries = binaries_,
                        .directory = environment_.directory,
                        .log = environment_.logs / (spec_.name + ".load.log"),
                        .within = parameters_.duration("within")};
  std::error_code ignored;
  fs::remove(tools.log, ignored);
  for (const auto& entry : parameters_.value("load")) {
    const Parameters load(entry);
    const std::string url = attributes().at("url") + "/" + net::percent_encode(load.text("database"));
    load_into_postgres(load.text("file"), url, tools, stop);
  }
}

void PostgresService::fill(std::stop_token stop) {
  const char* doing = "create its databases";
  try {
    create_databases();
    doing = "create its extensions";
    create_extensions();
    doing = "load its data";
    load_files(stop);
  } catch (const EnvironmentError& error) {
    throw EnvironmentError(fmt::format("service {}: cannot {}: {}", spec_.name, doing, error.what()));
  } catch (const pqxx::failure& error) {
    throw EnvironmentError(fmt::format("service {}: cannot {}: {}", spec_.name, doing, error.what()));
  }
}

void PostgresService::start(std::stop_token stop) {
  const auto within = spec_.parameters.duration("within");
  if (!initialised_) {
    parameters_ = expanded(spec_.parameters, environment_, spec_.name);
    std::error_code ignored;
    if (!data_.empty()) fs::remove_all(data_, ignored);  // of a start that was given up
    choose_storage();
    try {
      template_.copy_to(data_, *environment_.host, log(), within, stop);
    } catch (const EnvironmentError& error) {
      throw EnvironmentError(fmt::format("service {}: {}", spec_.name, error.what()));
    }
  }
  spawn_server();
  await([this](std::stop_token cancelled) { return ask_database("postgres", cancelled); }, within, stop);
  if (!initialised_) fill(stop);
  initialised_ = true;
}

// Were memory used up, the kernel would end programs of its own choice, and the server would take that for a full disk.
void PostgresService::end_before_memory_does() {
  if (!memory_runs_out(memory_room(environment_.memory))) return;
  std::error_code changing;  // the server makes and removes files meanwhile
  std::uint64_t bytes = 0;
  for (fs::recursive_directory_iterator entry(data_, changing), end; !changing && entry != end;
       entry.increment(changing)) {
    std::error_code gone;
    const auto size = entry->is_regular_file(gone) ? entry->file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  if (!takes_memory(bytes)) return;
  outgrew_memory_ = true;
  try {
    signal(SIGQUIT);
  } catch (const EnvironmentError&) {  // it has ended
  }
}

std::optional<std::string> PostgresService::died() const {
  auto how = OwnedService::died();
  if (how && outgrew_memory_)
    *how = "its data has grown until hardly any memory was left, and so it was ended; add `storage: disk`";
  return how;
}

// One connection only: it is asked every second while others measure.
std::string PostgresService::ask(std::stop_token stop) {
  if (in_memory_) end_before_memory_does();
  std::string missing = ask_database("postgres", stop);
  // It answers, and somebody else has all its sessions.
  if (missing.find("too many clients") != std::string::npos || missing.find("connection slots") != std::string::npos)
    missing.clear();
  return missing;
}

}  // namespace sluice::services
