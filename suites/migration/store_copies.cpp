#include "suites/migration/store_copies.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <libpq-fe.h>
#include <spawn.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/postgres_connection.hpp"
#include "harness/stores/sqlite_database.hpp"
#include "harness/stores/store_url.hpp"

namespace sluice::migration {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view sqlite_scheme = "sqlite:";

struct FreeConninfo {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Conninfo = std::unique_ptr<PQconninfoOption, FreeConninfo>;

Conninfo parse_conninfo(const std::string& url) {
  char* message = nullptr;
  Conninfo parsed(PQconninfoParse(url.c_str(), &message));
  if (!parsed) {
    const std::string text =
        message == nullptr ? "out of memory" : stores::redact(message, stores::secrets_in_url(url));
    PQfreemem(message);
    throw InputError(fmt::format("'{}' is not a PostgreSQL URL: {}", printable(stores::redact_url(url)), text));
  }
  return parsed;
}

std::string conninfo_value(const Conninfo& parsed, std::string_view keyword) {
  for (const auto* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (keyword == option->keyword && option->val != nullptr) return option->val;
  }
  return "";
}

std::string file_text(const fs::path& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// The newest of PostgreSQL's client programs: Debian keeps them outside PATH, one folder a version.
std::string client_program(const std::string& name) {
  std::string best = name;
  int best_version = 0;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", none)) {
    const int version = std::atoi(entry.path().filename().c_str());
    const fs::path program = entry.path() / "bin" / name;
    if (version > best_version && fs::exists(program)) {
      best_version = version;
      best = program.string();
    }
  }
  return best;
}

// Runs a program to its end with these variables added to the environment; its errors go to `errors`. Returns its exit
// code, or 128 and more when it was killed.
int run_program(const std::vector<std::string>& command, const std::map<std::string, std::string>& variables,
                const fs::path& errors, const std::stop_token& cancelled) {
  std::vector<std::string> environment;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string entry = *each;
    if (!variables.contains(entry.substr(0, entry.find('=')))) environment.push_back(entry);
  }
  for (const auto& [name, value] : variables) environment.push_back(name + "=" + value);
  const auto pointers = [](const std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (const auto& text : texts) all.push_back(const_cast<char*>(text.c_str()));
    all.push_back(nullptr);
    return all;
  };
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t child = 0;
  const int failed = posix_spawnp(&child, command[0].c_str(), &actions, nullptr, pointers(command).data(),
                                  pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    throw EnvironmentError(fmt::format("cannot start {}: {}; install PostgreSQL's client programs", command[0],
                                       std::generic_category().message(failed)));
  }
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (cancelled.stop_requested()) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      throw Cancelled();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::map<std::string, std::string> client_variables(const PostgresUrl& url, const std::string& database) {
  const Conninfo parsed = parse_conninfo(url.text);
  std::map<std::string, std::string> variables{{"PGDATABASE", database}};
  for (const auto& [variable, keyword] : std::map<std::string, std::string>{{"PGHOST", "host"},
                                                                            {"PGPORT", "port"},
                                                                            {"PGUSER", "user"},
                                                                            {"PGPASSWORD", "password"},
                                                                            {"PGSSLMODE", "sslmode"}}) {
    if (const auto value = conninfo_value(parsed, keyword); !value.empty()) variables[variable] = value;
  }
  return variables;
}

struct CloseSqlite {
  void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};

}  // namespace

PostgresUrl PostgresUrl::parse(const std::string& url) {
  const Conninfo parsed = parse_conninfo(url);
  const auto refuse = [&](const char* why) {
    throw InputError(fmt::format("the store {} cannot be copied: {}", printable(stores::redact_url(url)), why));
  };
  PostgresUrl result{.text = url, .database = conninfo_value(parsed, "dbname")};
  result.server.host = conninfo_value(parsed, "host");
  const std::string port = conninfo_value(parsed, "port");
  if (result.server.host.find(',') != std::string::npos) refuse("it names several hosts; name one");
  if (result.server.host.empty()) refuse("it names no host; write postgresql://USER@HOST/DATABASE");
  if (!port.empty()) result.server.port = static_cast<std::uint16_t>(std::stoul(port));
  const auto scheme = url.find("://") + 3;
  const auto question = std::min(url.find('?', scheme), url.size());
  const auto slash =
      url.find('/', std::min(url.rfind('@', question), question) == question ? scheme : url.rfind('@', question));
  if (slash >= question || slash + 1 == question || result.database.empty()) {
    refuse("it names no database; write postgresql://USER@HOST/DATABASE");
  }
  const auto at = url.rfind('@', slash);
  const auto host = at == std::string::npos || at < scheme ? scheme : at + 1;
  result.before = url.substr(0, host);
  result.location = url.substr(host, slash - host);
  result.after = url.substr(question);
  return result;
}

std::string PostgresUrl::with_database(const std::string& name) const { return before + location + "/" + name + after; }

std::string maintenance_url(const PostgresUrl& url) { return url.with_database("postgres"); }

StoreCopies::Copy::~Copy() {
  for (const auto& [original, database] : databases_) {
    for (const auto& url : owner_.postgres_) {
      if (url.database == original) owner_.drop_database(url, database);
    }
  }
  std::error_code ignored;
  for (const auto& [original, path] : files_) {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove(path + suffix, ignored);
  }
}

StoreCopies::StoreCopies(const CheckContext& context, stores::StoreOptions options)
    : options_(std::move(options)), work_(context.work / "copies") {
  if (context.stores.empty()) throw InputError("the plan has no `stores:`, so there is nothing to copy");
  fs::create_directories(work_);
  std::set<std::string> databases;
  try {
    for (const auto& [side, url] : context.stores) {
      std::size_t index = 0;
      while (index < bases_.size() && bases_[index].url != url) ++index;
      sides_[side] = index;
      if (index < bases_.size()) continue;
      Base& base = bases_.emplace_back();
      base.url = url;
      if (url.starts_with(sqlite_scheme)) {
        base.file = work_ / fmt::format("base{}", index);
        copy_sqlite(url.substr(sqlite_scheme.size()), base.file);
        continue;
      }
      base.from = PostgresUrl::parse(url);
      // The copies' proxy tells databases apart by their names.
      if (!databases.insert(base.from->database).second) {
        throw InputError(fmt::format("both stores are databases named {}; a check on copies needs two names",
                                     printable(base.from->database, 100)));
      }
      copy_postgres(base, fresh_name());
      postgres_.push_back(*base.from);
    }
  } catch (...) {
    for (const auto& base : bases_) {
      if (!base.database.empty()) drop_database(*base.from, base.database);
    }
    throw;
  }
}

StoreCopies::~StoreCopies() {
  for (const auto& base : bases_) {
    if (!base.database.empty()) drop_database(*base.from, base.database);
    std::error_code ignored;
    if (!base.file.empty()) fs::remove(base.file, ignored);
  }
}

std::string StoreCopies::fresh_name() {
  static std::atomic<std::uint64_t> count{0};
  return fmt::format("sluice_copy_{}_{}", getpid(), ++count);
}

void StoreCopies::copy_postgres(Base& base, const std::string& name) const {
  stores::PostgresConnection server(maintenance_url(*base.from), options_);
  const auto sessions = server.query("SELECT count(*)::text FROM pg_stat_activity WHERE datname = $1",
                                     {base.from->database}, "looking for sessions");
  const std::string doing = "copying database " + printable(base.from->database, 100);
  if (sessions[0][0] == "0") {
    server.query(fmt::format("CREATE DATABASE {} TEMPLATE {}", stores::quote_identifier(name),
                             stores::quote_identifier(base.from->database)),
                 {}, doing);
    base.database = name;
    return;
  }
  server.query(fmt::format("CREATE DATABASE {} TEMPLATE template0", stores::quote_identifier(name)), {}, doing);
  base.database = name;
  dump_and_restore(*base.from, name);
}

void StoreCopies::dump_and_restore(const PostgresUrl& from, const std::string& name) const {
  const fs::path dump = work_ / (name + ".dump");
  const fs::path errors = work_ / (name + ".errors");
  const auto run = [&](std::vector<std::string> command, const std::string& database) {
    command[0] = client_program(command[0]);
    if (run_program(command, client_variables(from, database), errors, options_.cancelled) == 0) return;
    throw EnvironmentError(
        fmt::format("copying database {} with {}: {}", printable(from.database, 100), command[0],
                    printable(stores::redact(file_text(errors), stores::secrets_in_url(from.text)), 1000)));
  };
  run({"pg_dump", "--format=custom", "--compress=0", "--no-sync", "--file=" + dump.string()}, from.database);
  run({"pg_restore", "--exit-on-error", "--dbname=" + name, dump.string()}, name);
  std::error_code ignored;
  fs::remove(dump, ignored);
  fs::remove(errors, ignored);
}

void StoreCopies::copy_sqlite(const std::string& path, const fs::path& to) const {
  const fs::path source = options_.directory / path;
  std::error_code ignored;
  if (!fs::exists(source, ignored)) return;  // the migration will make it
  stores::SqliteDatabase from(std::string(sqlite_scheme) + path, source, options_);
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open(to.c_str(), &raw);
  const std::unique_ptr<sqlite3, CloseSqlite> target(raw);
  sqlite3_backup* backup = opened == SQLITE_OK ? sqlite3_backup_init(raw, "main", from.handle(), "main") : nullptr;
  if (backup == nullptr) {
    throw EnvironmentError(fmt::format("cannot copy {} to {}: {}", path, to.string(), sqlite3_errmsg(raw)));
  }
  const int stepped = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (stepped != SQLITE_DONE || finished != SQLITE_OK) {
    throw EnvironmentError(fmt::format("cannot copy {}: {}", path, sqlite3_errstr(finished)));
  }
}

void StoreCopies::drop_database(const PostgresUrl& server, const std::string& name) const noexcept {
  try {
    stores::StoreOptions options = options_;
    options.cancelled = {};  // also when the run is told to stop
    stores::PostgresConnection connection(maintenance_url(server), options);
    connection.query(fmt::format("DROP DATABASE IF EXISTS {} WITH (FORCE)", stores::quote_identifier(name)), {},
                     "dropping a copy");
  } catch (const std::exception&) {
    // The server is gone, and the copy with it; what was measured on it says so.
  }
}

std::unique_ptr<StoreCopies::Copy> StoreCopies::make() {
  std::unique_ptr<Copy> copy(new Copy(*this));
  std::vector<std::string> urls;
  for (const auto& base : bases_) {
    const std::string name = fresh_name();
    if (base.from) {
      stores::PostgresConnection server(maintenance_url(*base.from), options_);
      server.query(fmt::format("CREATE DATABASE {} TEMPLATE {}", stores::quote_identifier(name),
                               stores::quote_identifier(base.database)),
                   {}, "copying database " + printable(base.from->database, 100));
      copy->databases_[base.from->database] = name;
      urls.push_back(base.from->with_database(name));
      continue;
    }
    const fs::path file = work_ / name;
    if (fs::exists(base.file)) fs::copy_file(base.file, file);
    copy->files_[base.url.substr(sqlite_scheme.size())] = file.string();
    urls.push_back(std::string(sqlite_scheme) + file.string());
  }
  for (const auto& [side, index] : sides_) copy->urls_[side] = urls[index];
  return copy;
}

}  // namespace sluice::migration
