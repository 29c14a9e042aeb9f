#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace sluice::services {

/// Everything a run owns on this machine: a folder of its own below a per-user base folder, another in memory where
/// there is such a place, and the processes whose environment carries its marker. However the run ends, all of it goes:
/// by the destructor, by the guard process when sluice is killed, or by the next start.
class RunFolder {
 public:
  /// Sweeps what dead runs left, makes the folder and starts the guard. Must be called before any thread is started,
  /// because the guard is forked. Throws EnvironmentError.
  RunFolder();
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// For data that is thrown away and must be fast; empty where nothing can be kept in memory.
  const std::filesystem::path& memory() const { return memory_; }
  /// Shared by the user's runs: port locks. Services keep what else they share beside it.
  std::filesystem::path ports() const { return base_ / "ports"; }
  const std::string& marker() const { return marker_; }
  /// Tells the guard of a process group that now lives, or that is gone: some programs overwrite the environment that
  /// they would otherwise be found by. Any thread.
  void note_group(int group, bool alive) const;

 private:
  std::filesystem::path base_;
  std::filesystem::path path_;
  std::filesystem::path memory_;
  std::string marker_;
  int owner_lock_ = -1;
  int memory_lock_ = -1;
  int guard_pipe_ = -1;
  int guard_pid_ = -1;
};

/// The processes whose environment carries SLUICE_RUN=marker, except this one.
std::vector<int> processes_of_run(const std::string& marker);

/// Ends all of them: PostgreSQL by SIGQUIT first so that it removes its shared memory, then SIGKILL until none is left;
/// gives up after two seconds on what even SIGKILL does not end.
void end_processes_of_run(const std::string& marker);

/// Removes the shared memory of a PostgreSQL that was killed: the segment that its postmaster.pid names. No-op when it
/// ended in order.
void release_shared_memory(const std::filesystem::path& data_folder);

}  // namespace sluice::services
