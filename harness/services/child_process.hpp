#pragma once
#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

// A facade: no Asio or Process in this header.
namespace sluice::services {

/// How a process ended.
struct ExitStatus {
  int code = 0;    ///< when not killed
  int signal = 0;  ///< 0 when it exited by itself
  bool succeeded() const { return signal == 0 && code == 0; }
  /// "exit code 3", "killed by signal 9 (Killed)".
  std::string to_string() const;
};

/// The unprivileged user that a program runs as when sluice itself is root.
struct RunAs {
  uid_t user;
  gid_t group;
};

struct SpawnOptions {
  std::vector<std::string> command;                ///< program (looked up in PATH when it has no slash) and arguments
  std::map<std::string, std::string> environment;  ///< added to the inherited one
  std::filesystem::path directory;                 ///< working directory
  std::filesystem::path log;                       ///< stdout and stderr are appended here
  std::optional<RunAs> run_as;
  /// A listening socket that it gets as file descriptor 3, told by LISTEN_FDS and LISTEN_PID as systemd does; -1: none.
  int listener = -1;
  int death_signal = SIGKILL;  ///< sent by the kernel when sluice dies
};

class ProcessHost;

/// One child in a process group of its own. Destroying the object of a running child kills its whole group and waits
/// for it.
class ChildProcess {
 public:
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const;
  /// Whether it has ended; never blocks, and sees an end as soon as the kernel knows of it.
  std::optional<ExitStatus> exited() const;
  /// Waits until it ends, `timeout` passes (see Patience: standstills do not count) or `stop` is requested; nullopt in
  /// the latter two cases.
  std::optional<ExitStatus> wait(std::chrono::nanoseconds timeout, std::stop_token stop = {}) const;
  /// Sends `signal` to the whole group.
  void signal_group(int signal) const;
  /// `signal`, then after `grace` SIGKILL, to the whole group; returns how it ended.
  ExitStatus end(int signal, std::chrono::nanoseconds grace);

 private:
  friend class ProcessHost;
  struct State;
  explicit ChildProcess(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

/// Owns the one thread that starts all children and learns of their ends. It lives as long as the children do, because
/// the kernel's parent-death signal is tied to the thread that forked.
class ProcessHost {
 public:
  /// `run_marker` goes into every child's environment as SLUICE_RUN, so that descendants can be found whatever they do.
  /// `on_group` is told of each process group that comes (true) and of each that is gone (false), from any thread; of
  /// one that comes in the forked child, where only async-signal-safe calls are allowed.
  explicit ProcessHost(std::string run_marker, std::function<void(pid_t group, bool alive)> on_group = {});
  ~ProcessHost();
  ProcessHost(const ProcessHost&) = delete;
  ProcessHost& operator=(const ProcessHost&) = delete;

  /// Throws EnvironmentError that names the program when it cannot be started. `on_exit` is called once, on the host's
  /// thread, before wait() and end() return, and never after the child is destroyed.
  std::unique_ptr<ChildProcess> spawn(const SpawnOptions& options, std::function<void(ExitStatus)> on_exit = {});
  const std::string& run_marker() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The program that `name` means: itself when it has a slash, else the first executable of that name in PATH; empty
/// when none.
std::filesystem::path find_program(const std::string& name);

}  // namespace sluice::services
