#include "harness/testing/postgres_cluster.hpp"

#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

namespace sluice::testing {
namespace {

namespace fs = std::filesystem;

struct Finish {
  void operator()(PGconn* handle) const { PQfinish(handle); }
};
struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Connection = std::unique_ptr<PGconn, Finish>;
using Result = std::unique_ptr<PGresult, Clear>;

fs::path newest_binaries() {
  std::vector<std::pair<int, fs::path>> found;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", none)) {
    const fs::path folder = entry.path() / "bin";
    if (fs::exists(folder / "initdb") && fs::exists(folder / "postgres")) {
      found.emplace_back(std::atoi(entry.path().filename().c_str()), folder);
    }
  }
  if (found.empty()) throw std::runtime_error("no PostgreSQL server under /usr/lib/postgresql/*/bin");
  return std::max_element(found.begin(), found.end())->second;
}

// Whom the server runs as; null when this process is not root and may run it itself.
const passwd* server_user() {
  if (geteuid() != 0) return nullptr;
  for (const char* name : {"postgres", "nobody"}) {
    if (const passwd* user = getpwnam(name)) return user;
  }
  throw std::runtime_error("PostgreSQL refuses to run as root, and there is no user postgres or nobody");
}

// Starts a program that dies with this process; output goes to `log`.
pid_t spawn(const std::vector<std::string>& command, const fs::path& log, const fs::path& folder) {
  const passwd* const user = server_user();
  std::vector<char*> arguments;
  for (const auto& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child > 0) return child;
  // Only calls that are safe between fork and exec from here on.
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (output < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 || chdir(folder.c_str()) != 0) _exit(127);
  if (user != nullptr && (setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)) _exit(127);
  // After setuid, which would clear it.
  if (prctl(PR_SET_PDEATHSIG, SIGQUIT) != 0 || getppid() != parent) _exit(127);
  execv(arguments[0], arguments.data());
  _exit(127);
}

// Whether the process ended within the time; it is reaped then.
bool ended_within(pid_t process, std::chrono::milliseconds time) {
  const int descriptor = static_cast<int>(syscall(SYS_pidfd_open, process, 0));
  if (descriptor < 0) return waitpid(process, nullptr, WNOHANG) == process;
  pollfd waited{.fd = descriptor, .events = POLLIN, .revents = 0};
  const int ready = poll(&waited, 1, static_cast<int>(time.count()));
  close(descriptor);
  if (ready <= 0) return false;
  waitpid(process, nullptr, 0);
  return true;
}

std::string content(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string percent_encoded(const std::string& path) {
  std::string encoded;
  for (const char c : path) {
    if (c == '/')
      encoded += "%2F";
    else
      encoded += c;
  }
  return encoded;
}

Connection connect(const std::string& url) {
  Connection connection(PQconnectdb(url.c_str()));
  if (PQstatus(connection.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(connection.get()));
  PQsetNoticeReceiver(
      connection.get(), [](void*, const PGresult*) {}, nullptr);
  return connection;
}

Result checked(PGconn* connection, PGresult* raw, ExecStatusType expected, ExecStatusType also) {
  Result result(raw);
  const auto status = PQresultStatus(result.get());
  if (status != expected && status != also) throw std::runtime_error(PQerrorMessage(connection));
  return result;
}

}  // namespace

PostgresCluster::PostgresCluster() {
  std::string pattern = "/tmp/slpg-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a folder in /tmp");
  folder_ = pattern;
  try {
    if (const passwd* user = server_user();
        user != nullptr && chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0) {
      throw std::runtime_error("cannot give " + folder_.string() + " to PostgreSQL's user");
    }
    start();
    wait_until_ready();
  } catch (...) {
    crash();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
    throw;
  }
}

PostgresCluster::~PostgresCluster() {
  crash();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void PostgresCluster::start() {
  const fs::path binaries = newest_binaries();
  const fs::path data = folder_ / "data";
  const fs::path log = folder_ / "log";
  const pid_t initdb = spawn({(binaries / "initdb").string(), "-D", data.string(), "-U", "sluice", "-A", "trust", "-E",
                              "UTF8", "--locale=C.UTF-8", "--no-sync"},
                             log, folder_);
  int status = 0;
  if (waitpid(initdb, &status, 0) != initdb || status != 0) throw std::runtime_error("initdb failed: " + content(log));
  server_ = spawn({(binaries / "postgres").string(), "-D", data.string(), "-k", folder_.string(), "-c",
                   "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off",
                   "-c", "shared_buffers=32MB", "-c", "max_connections=40", "-c", "max_prepared_transactions=8"},
                  log, folder_);
}

void PostgresCluster::wait_until_ready() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < deadline) {
    try {
      if (query("SELECT 1") == std::vector<std::string>{"1"}) return;
    } catch (const std::runtime_error&) {
      // Not yet; the wait below ends early when the server does.
    }
    if (ended_within(server_, std::chrono::milliseconds(20))) {
      server_ = -1;
      break;
    }
  }
  throw std::runtime_error("PostgreSQL did not come up: " + content(folder_ / "log"));
}

void PostgresCluster::crash() {
  if (server_ <= 0) return;
  kill(server_, SIGQUIT);
  if (!ended_within(server_, std::chrono::seconds(10))) {
    kill(server_, SIGKILL);
    waitpid(server_, nullptr, 0);
  }
  server_ = -1;
}

std::string PostgresCluster::url(const std::string& database) const {
  return "postgresql://sluice@" + percent_encoded(folder_.string()) + "/" + database;
}

void PostgresCluster::execute(const std::string& sql, const std::string& database) const {
  const Connection connection = connect(url(database));
  checked(connection.get(), PQexec(connection.get(), sql.c_str()), PGRES_COMMAND_OK, PGRES_TUPLES_OK);
}

void PostgresCluster::copy_in(const std::string& table, const std::string& data, const std::string& database) const {
  const Connection connection = connect(url(database));
  PGconn* const handle = connection.get();
  checked(handle, PQexec(handle, ("COPY " + table + " FROM STDIN").c_str()), PGRES_COPY_IN, PGRES_COPY_IN);
  if (PQputCopyData(handle, data.data(), static_cast<int>(data.size())) != 1 || PQputCopyEnd(handle, nullptr) != 1) {
    throw std::runtime_error(PQerrorMessage(handle));
  }
  checked(handle, PQgetResult(handle), PGRES_COMMAND_OK, PGRES_COMMAND_OK);
}

std::vector<std::string> PostgresCluster::query(const std::string& sql, const std::string& database) const {
  const Connection connection = connect(url(database));
  const Result result =
      checked(connection.get(), PQexec(connection.get(), sql.c_str()), PGRES_TUPLES_OK, PGRES_COMMAND_OK);
  std::vector<std::string> values;
  for (int i = 0; i < PQntuples(result.get()); ++i) {
    values.emplace_back(PQgetisnull(result.get(), i, 0) != 0 ? "NULL" : PQgetvalue(result.get(), i, 0));
  }
  return values;
}

}  // namespace sluice::testing
