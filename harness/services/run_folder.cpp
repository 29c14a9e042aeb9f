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

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>

#include "harness/core/errors.hpp"
#include "harness/core/process_search.hpp"
#include "harness/core/process_stat.hpp"
#include "harness/services/memory_room.hpp"

namespace sluice::services {
namespace {

namespace fs = std::filesystem;

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
  chmod(base.c_str(), 0711);  // whatever the umask says: an unprivileged PostgreSQL must get through to its own folder
  return base;
}

// Held while folders are swept and made, so that no sweeper takes a folder whose owner has not locked it yet.
class BaseLock {
 public:
  explicit BaseLock(const fs::path& base)
      : descriptor_(open((base / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (descriptor_ < 0) {
      throw EnvironmentError(fmt::format("cannot write in {}: {}", base.string(), std::strerror(errno)));
    }
    while (flock(descriptor_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  ~BaseLock() { close(descriptor_); }
  BaseLock(const BaseLock&) = delete;
  BaseLock& operator=(const BaseLock&) = delete;

 private:
  int descriptor_;
};

// The owner's lock tells a living run from a dead one: the kernel drops it with the process, whatever its pid becomes.
int take_owner_lock(const fs::path& folder) {
  const int lock = open((folder / "owner").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0) return lock;
  if (lock >= 0) close(lock);
  return -1;
}

// Once no process of the run is left.
void remove_folder(const fs::path& folder) {
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
    end_processes_of_run(name);
    remove_folder(entry.path());
    close(lock);
  }
}

// Folders in memory have no base: nothing at all is left there after a run. Their names hold the run's marker.
constexpr const char* memory_root = "/dev/shm";

std::string memory_prefix() { return fmt::format("sluice-{}-", getuid()); }

// Of all runs of this user, whatever their base.
void sweep_memory() {
  const std::string prefix = memory_prefix();
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(memory_root, ignored)) {
    const std::string name = entry.path().filename();
    struct stat status {};
    if (!name.starts_with(prefix) || lstat(entry.path().c_str(), &status) != 0 || !S_ISDIR(status.st_mode) ||
        status.st_uid != getuid())
      continue;
    const int lock = take_owner_lock(entry.path());
    if (lock < 0) continue;
    end_processes_of_run(name.substr(prefix.size(), name.rfind('-') - prefix.size()));
    remove_folder(entry.path());
    close(lock);
  }
}

// Makes the run's folder in memory and takes its lock. Empty where there is no memory to be had, or none that we may
// write: then everything lies on the disk.
fs::path make_memory_folder(const std::string& marker, int& lock) {
  constexpr int attempts = 10;  // there is no lock around it all: a sweeper may take the folder before we hold it
  for (int attempt = 0; attempt < attempts && memory_room(memory_root) > 0; ++attempt) {
    std::string name = fmt::format("{}/{}{}-XXXXXX", memory_root, memory_prefix(), marker);
    if (mkdtemp(name.data()) == nullptr) return {};
    lock = take_owner_lock(name);
    struct stat status {};
    if (lock >= 0 && fstat(lock, &status) == 0 && status.st_nlink > 0) {
      chmod(name.c_str(), 0711);  // an unprivileged PostgreSQL must get through to its own folder
      return name;
    }
    if (lock >= 0) close(lock);
    lock = -1;
    std::error_code ignored;
    fs::remove_all(name, ignored);
  }
  return {};
}

constexpr int farewell = 0;  // on the guard's pipe; other numbers are process groups, negative when they are gone

// The guard: reads its pipe until the last writer is gone. A farewell means "all is done"; the end without it means
// that sluice was killed, and then the guard does what sluice cannot do any more.
[[noreturn]] void run_guard(int pipe_end, const fs::path& folder, const fs::path& memory, const std::string& marker) {
  setsid();
  const int null = open("/dev/null", O_RDWR);
  for (int standard = 0; standard < 3; ++standard) dup2(null, standard);
  close_range(3, static_cast<unsigned>(pipe_end) - 1, 0);
  close_range(static_cast<unsigned>(pipe_end) + 1, ~0U, 0);
  for (const int signal_number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) signal(signal_number, SIG_IGN);
  prctl(PR_SET_NAME, "sluice-guard");
  std::set<int> groups;
  int note = 0;
  ssize_t count = 0;
  while ((count = read(pipe_end, &note, sizeof note)) != 0) {
    if (count < 0 && errno == EINTR) continue;
    if (count != sizeof note || note == farewell) _exit(0);
    if (note > 0)
      groups.insert(note);
    else
      groups.erase(-note);
  }
  end_processes_of_run(marker);
  for (const int group : groups) killpg(group, SIGKILL);
  if (!memory.empty()) remove_folder(memory);
  remove_folder(folder);
  _exit(0);
}

}  // namespace

std::vector<int> processes_of_run(const std::string& marker) { return processes_with({"SLUICE_RUN=" + marker}); }

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

namespace {

int parent_of(int pid) {
  const auto stat = read_process_stat(pid);
  return stat ? stat->parent : 0;
}

// Orphans of our children that we adopted as their subreaper: they have left their group and perhaps their environment.
void end_adopted(int guard) {
  constexpr int rounds = 100;
  for (int round = 0; round < rounds; ++round) {
    bool left = false;
    for_each_process([&](int pid) {
      if (pid == guard || parent_of(pid) != getpid()) return;
      left = true;
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, WNOHANG);
    });
    if (!left) return;
    pause_briefly();
  }
}

}  // namespace

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
  const BaseLock lock(base_);
  sweep(base_);
  sweep_memory();
  std::string name = (base_ / "run-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    throw EnvironmentError(fmt::format("cannot make a folder in {}: {}", base_.string(), std::strerror(errno)));
  }
  path_ = name;
  chmod(path_.c_str(), 0711);  // an unprivileged PostgreSQL must get through to its own folder
  marker_ = path_.filename();
  owner_lock_ = take_owner_lock(path_);
  memory_ = make_memory_folder(marker_, memory_lock_);
  int ends[2];
  if (owner_lock_ < 0 || pipe2(ends, O_CLOEXEC) != 0) throw EnvironmentError("cannot set up " + path_.string());
  // Orphans of our children become ours, so that none escapes to init while we live.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  guard_pid_ = fork();
  if (guard_pid_ == 0) {
    // The locks must die with sluice, not with the guard.
    close(owner_lock_);
    if (memory_lock_ >= 0) close(memory_lock_);
    run_guard(ends[0], path_, memory_, marker_);
  }
  close(ends[0]);
  guard_pipe_ = ends[1];
  if (guard_pid_ < 0) throw EnvironmentError(fmt::format("cannot fork: {}", std::strerror(errno)));
}

void RunFolder::note_group(int group, bool alive) const {
  const int note = alive ? group : -group;
  while (write(guard_pipe_, &note, sizeof note) < 0 && errno == EINTR) {
  }
}

RunFolder::~RunFolder() {
  end_processes_of_run(marker_);
  if (!memory_.empty()) remove_folder(memory_);
  remove_folder(path_);
  end_adopted(guard_pid_);
  note_group(farewell, true);
  close(guard_pipe_);
  waitpid(guard_pid_, nullptr, 0);
  close(owner_lock_);
  if (memory_lock_ >= 0) close(memory_lock_);
}

}  // namespace sluice::services
