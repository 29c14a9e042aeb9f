#include "harness/services/run_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

#include "harness/core/errors.hpp"

namespace sluice::services {
namespace {

namespace fs = std::filesystem;

// The whole of a /proc file: several reads, because the kernel hands out a page at a time.
std::string read_proc(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

bool carries_marker(int pid, const std::string& entry) {
  const std::string environment = '\0' + read_proc(fmt::format("/proc/{}/environ", pid));
  return environment.find('\0' + entry + '\0') != std::string::npos;
}

void pause_briefly() { poll(nullptr, 0, 20); }

fs::path base_folder() {
  const char* temporary = std::getenv("TMPDIR");
  fs::path base =
      fs::path(temporary != nullptr && *temporary != '\0' ? temporary : "/tmp") / fmt::format("sluice-{}", getuid());
  // A unix socket's path holds at most 107 bytes; ours need about 45 below the base.
  if (base.string().size() > 60) base = fs::path("/tmp") / fmt::format("sluice-{}", getuid());
  if (mkdir(base.c_str(), 0711) != 0 && errno != EEXIST) {
    throw EnvironmentError(
        fmt::format("cannot make {}: {}; set TMPDIR to a folder of yours", base.string(), std::strerror(errno)));
  }
  struct stat status {};
  if (lstat(base.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != getuid()) {
    throw EnvironmentError(fmt::format("{} belongs to somebody else; set TMPDIR to a folder of yours", base.string()));
  }
  return base;
}

// The owner's lock tells a living run from a dead one: the kernel drops it with the process, whatever its pid becomes.
int take_owner_lock(const fs::path& folder) {
  const int lock = open((folder / "owner").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0) return lock;
  if (lock >= 0) close(lock);
  return -1;
}

void remove_run(const fs::path& folder, const std::string& marker) {
  end_processes_of_run(marker);
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) release_shared_memory(entry.path() / "data");
  fs::remove_all(folder, ignored);
}

void sweep(const fs::path& base) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(base, ignored)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("run-")) continue;
    const int lock = take_owner_lock(entry.path());
    if (lock < 0) continue;
    remove_run(entry.path(), name);
    close(lock);
  }
}

// The guard: waits until the last writer of the pipe is gone. One byte means "all is done"; the end without it means
// that sluice was killed, and then the guard does what sluice cannot do any more.
[[noreturn]] void run_guard(int pipe_end, const fs::path& folder, const std::string& marker) {
  setsid();
  const int null = open("/dev/null", O_RDWR);
  for (int standard = 0; standard < 3; ++standard) dup2(null, standard);
  close_range(3, static_cast<unsigned>(pipe_end) - 1, 0);
  close_range(static_cast<unsigned>(pipe_end) + 1, ~0U, 0);
  for (const int signal_number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) signal(signal_number, SIG_IGN);
  prctl(PR_SET_NAME, "sluice-guard");
  char byte = 0;
  ssize_t count = 0;
  do {
    count = read(pipe_end, &byte, 1);
  } while (count < 0 && errno == EINTR);
  if (count == 0) remove_run(folder, marker);
  _exit(0);
}

}  // namespace

std::vector<int> processes_of_run(const std::string& marker) {
  std::vector<int> found;
  const std::string entry = "SLUICE_RUN=" + marker;
  const int self = getpid();
  DIR* proc = opendir("/proc");
  if (proc == nullptr) return found;
  while (const dirent* file = readdir(proc)) {
    int pid = 0;
    const char* end = file->d_name + std::strlen(file->d_name);
    if (std::from_chars(file->d_name, end, pid).ptr != end || pid == self) continue;
    if (carries_marker(pid, entry)) found.push_back(pid);
  }
  closedir(proc);
  return found;
}

void end_processes_of_run(const std::string& marker) {
  constexpr int gentle_rounds = 20;  // 0.4 s for PostgreSQL to take its shared memory along
  constexpr int rounds = 100;
  for (int round = 0; round < rounds; ++round) {
    const auto pids = processes_of_run(marker);
    if (pids.empty()) return;
    for (const int pid : pids) {
      const bool postgres = read_proc(fmt::format("/proc/{}/comm", pid)) == "postgres\n";
      if (!postgres || round >= gentle_rounds)
        kill(pid, SIGKILL);
      else if (round == 0)
        kill(pid, SIGQUIT);
    }
    pause_briefly();
  }
}

void release_shared_memory(const fs::path& data_folder) {
  std::ifstream stream(data_folder / "postmaster.pid");
  std::string line;
  for (int number = 1; number <= 7; ++number) {
    if (!std::getline(stream, line)) return;
  }
  // "   5432001    32769": key and id; a server that ended by itself has removed both the segment and this file.
  std::istringstream fields(line);
  long long key = 0;
  int id = 0;
  if (fields >> key >> id) shmctl(id, IPC_RMID, nullptr);
}

RunFolder::RunFolder() : base_(base_folder()) {
  sweep(base_);
  std::string name = (base_ / "run-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    throw EnvironmentError(fmt::format("cannot make a folder in {}: {}", base_.string(), std::strerror(errno)));
  }
  path_ = name;
  chmod(path_.c_str(), 0711);  // an unprivileged PostgreSQL must get through to its own folder
  marker_ = path_.filename();
  owner_lock_ = take_owner_lock(path_);
  int ends[2];
  if (owner_lock_ < 0 || pipe2(ends, O_CLOEXEC) != 0) throw EnvironmentError("cannot set up " + path_.string());
  // Orphans of our children become ours, so that none escapes to init while we live.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  guard_pid_ = fork();
  if (guard_pid_ == 0) {
    // The lock must die with sluice, not with the guard.
    close(owner_lock_);
    run_guard(ends[0], path_, marker_);
  }
  close(ends[0]);
  guard_pipe_ = ends[1];
  if (guard_pid_ < 0) throw EnvironmentError(fmt::format("cannot fork: {}", std::strerror(errno)));
}

RunFolder::~RunFolder() {
  remove_run(path_, marker_);
  const char done = 1;
  while (write(guard_pipe_, &done, 1) < 0 && errno == EINTR) {
  }
  close(guard_pipe_);
  waitpid(guard_pid_, nullptr, 0);
  while (waitpid(-1, nullptr, WNOHANG) > 0) {
  }  // adopted orphans
  close(owner_lock_);
}

}  // namespace sluice::services
