#include "suites/migration/copies/postgres_dump.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <map>
#include <thread>
#include <vector>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/store_url.hpp"

namespace sluice::migration {
namespace {

namespace fs = std::filesystem;

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

}  // namespace

void dump_and_restore(const PostgresUrl& from, const std::string& database, const fs::path& work,
                      const std::stop_token& cancelled) {
  const fs::path dump = work / (database + ".dump");
  const fs::path errors = work / (database + ".errors");
  const auto run = [&](std::vector<std::string> command, const std::string& connect_to) {
    command[0] = client_program(command[0]);
    if (run_program(command, from.client_variables(connect_to), errors, cancelled) == 0) return;
    throw EnvironmentError(
        fmt::format("copying database {} with {}: {}", printable(from.database, 100), command[0],
                    printable(stores::redact(file_text(errors), stores::secrets_in_url(from.text)), 1000)));
  };
  run({"pg_dump", "--format=custom", "--compress=0", "--no-sync", "--file=" + dump.string()}, from.database);
  run({"pg_restore", "--exit-on-error", "--dbname=" + database, dump.string()}, database);
  std::error_code ignored;
  fs::remove(dump, ignored);
  fs::remove(errors, ignored);
}

}  // namespace sluice::migration
