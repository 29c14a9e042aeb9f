#include "harness/services/child_process.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/process/v2/environment.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/process/v2/start_dir.hpp>
#include <boost/process/v2/stdio.hpp>
#include <condition_variable>
#include <cstring>
#include <future>
#include <mutex>
#include <sstream>
#include <thread>

#include "harness/core/descriptor.hpp"
#include "harness/core/errors.hpp"
#include "harness/core/patience.hpp"

extern char** environ;

namespace sluice::services {
namespace {

namespace asio = boost::asio;
namespace process = boost::process::v2;
using Launcher = process::posix::default_launcher;

ExitStatus from_native(int status) {
  if (WIFSIGNALED(status)) return {.code = 0, .signal = WTERMSIG(status)};
  return {.code = WEXITSTATUS(status), .signal = 0};
}

constexpr int first_handed_over = 3;   // by the protocol
constexpr int listen_pid_digits = 12;  // more than any process number has

// Runs in the child between fork and exec: only async-signal-safe calls.
struct ChildSetup {
  pid_t parent;
  std::optional<RunAs> run_as;
  int death_signal;
  int listener;      // -1: none
  char* listen_pid;  // where the child's number goes in its environment: only the child knows it
  const std::function<void(pid_t, bool)>* on_group;

  process::error_code on_exec_setup(Launcher& launcher, const process::filesystem::path&, const char* const*) const {
    if (setpgid(0, 0) != 0) return last_error();
    // Here and not in the parent: were sluice killed before the parent came to it, nobody would know of the group.
    if (*on_group) (*on_group)(getpid(), true);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    signal(SIGPIPE, SIG_DFL);
    if (run_as && (setgroups(0, nullptr) != 0 || setgid(run_as->group) != 0 || setuid(run_as->user) != 0)) {
      return last_error();
    }
    // After setuid, which clears it. The parent may have died before this line: then nobody would ever signal us.
    if (prctl(PR_SET_PDEATHSIG, death_signal) != 0) return last_error();
    if (getppid() != parent) _exit(127);
    return listener < 0 ? process::error_code() : hand_over(launcher);
  }

  process::error_code hand_over(Launcher& launcher) const {
    // The launcher's own pipe may be there: start() holds the number so that it is not.
    for (const int kept : launcher.fd_whitelist) {
      if (kept == first_handed_over) return {EBUSY, boost::system::system_category()};
    }
    const int result = listener == first_handed_over ? fcntl(listener, F_SETFD, 0) : dup2(listener, first_handed_over);
    if (result < 0) return last_error();
    launcher.fd_whitelist.push_back(first_handed_over);  // start() has reserved the room: nothing is allocated here
    // No leading zeros: some readers take those for octal.
    char digits[listen_pid_digits];
    int count = 0;
    for (pid_t rest = getpid(); rest > 0; rest /= 10) digits[count++] = static_cast<char>('0' + rest % 10);
    for (int place = 0; place < count; ++place) listen_pid[place] = digits[count - 1 - place];
    listen_pid[count] = '\0';
    return {};
  }

  // The launcher would call exit() in the forked child: our atexit handlers and stdio buffers are not the child's to
  // run.
  void on_exec_error(Launcher&, const process::filesystem::path&, const char* const*,
                     const process::error_code&) const {
    _exit(127);
  }

  static process::error_code last_error() { return {errno, boost::system::system_category()}; }
};

std::vector<std::string> child_environment(const std::map<std::string, std::string>& added) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (!added.contains(std::string(text.substr(0, text.find('='))))) environment.emplace_back(text);
  }
  for (const auto& [name, value] : added) environment.push_back(name + "=" + value);
  return environment;
}

class LogFile {
 public:
  explicit LogFile(const std::filesystem::path& path)
      : descriptor_(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0)
      throw EnvironmentError(fmt::format("cannot write the log {}: {}", path.string(), std::strerror(errno)));
  }
  ~LogFile() { close(descriptor_); }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace

struct ChildProcess::State {
  pid_t pid = -1;
  mutable std::mutex mutex;
  mutable std::condition_variable_any changed;
  std::optional<ExitStatus> exit;
  bool finished = false;  // exit is known and on_exit has returned
  std::function<void(ExitStatus)> on_exit;
  std::function<void(pid_t, bool)> on_group;
  std::optional<process::basic_process<asio::io_context::executor_type>> handle;  // used on the host's thread only
};

std::string ExitStatus::to_string() const {
  if (signal == 0) return fmt::format("exit code {}", code);
  return fmt::format("killed by signal {} ({})", signal, strsignal(signal));
}

std::filesystem::path find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const auto candidate = std::filesystem::path(folder.empty() ? "." : folder) / name;
    std::error_code ignored;
    if (access(candidate.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(candidate, ignored)) return candidate;
  }
  return {};
}

struct ProcessHost::Impl {
  Impl(std::string marker, std::function<void(pid_t, bool)> group_observer)
      : run_marker(std::move(marker)),
        on_group(std::move(group_observer)),
        work(context.get_executor()),
        thread([this] { context.run(); }) {}

  std::shared_ptr<ChildProcess::State> start(const SpawnOptions& options, std::function<void(ExitStatus)> on_exit) {
    const auto program = find_program(options.command.at(0));
    if (program.empty()) throw EnvironmentError(fmt::format("no program '{}' in PATH", options.command[0]));
    const LogFile log(options.log);
    auto added = options.environment;
    added["SLUICE_RUN"] = run_marker;
    if (options.listener >= 0) {
      added["LISTEN_FDS"] = "1";
      added["LISTEN_PID"] = std::string(listen_pid_digits, '0');
    }
    auto environment = child_environment(added);
    char* listen_pid = nullptr;
    for (auto& entry : environment) {
      if (options.listener >= 0 && entry.starts_with("LISTEN_PID=")) listen_pid = entry.data() + entry.find('=') + 1;
    }
    const std::vector<std::string> arguments(options.command.begin() + 1, options.command.end());
    Launcher launcher;
    launcher.fd_whitelist.reserve(16);
    const Descriptor held(options.listener >= 0 ? fcntl(log.descriptor(), F_DUPFD_CLOEXEC, first_handed_over) : -1);
    process::error_code error;
    auto handle =
        launcher(context.get_executor(), error, process::filesystem::path(program.string()), arguments,
                 process::process_environment(environment), process::process_start_dir(options.directory.string()),
                 process::process_stdio{nullptr, log.descriptor(), log.descriptor()},
                 ChildSetup{getpid(), options.run_as, options.death_signal, options.listener, listen_pid, &on_group});
    if (error) {
      if (launcher.pid > 0) {
        waitpid(launcher.pid, nullptr, 0);
        if (on_group) on_group(launcher.pid, false);
      }
      throw EnvironmentError(fmt::format("cannot start {}: {}", program.string(), error.message()));
    }
    auto state = std::make_shared<ChildProcess::State>();
    state->pid = handle.id();
    state->on_exit = std::move(on_exit);
    state->on_group = on_group;
    state->handle.emplace(std::move(handle));
    // The completion handler keeps the state, and with it the handle, alive until the child has been waited for.
    // The int it hands over is 15 both for exit(15) and for SIGTERM; only the native code tells them apart.
    state->handle->async_wait([state](const process::error_code& failure, int) {
      finish(*state, failure ? ExitStatus{.code = -1} : from_native(state->handle->native_exit_code()));
    });
    return state;
  }

  static void finish(ChildProcess::State& state, ExitStatus status) {
    // The news first, then the callback, then leave for those who wait: they may destroy what the callback refers to.
    {
      const std::lock_guard lock(state.mutex);
      state.exit = status;
    }
    state.changed.notify_all();
    if (state.on_exit) state.on_exit(status);
    state.handle.reset();
    {
      const std::lock_guard lock(state.mutex);
      state.finished = true;
    }
    state.changed.notify_all();
  }

  std::string run_marker;
  std::function<void(pid_t, bool)> on_group;
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work;
  std::thread thread;
};

ProcessHost::ProcessHost(std::string run_marker, std::function<void(pid_t, bool)> on_group)
    : impl_(std::make_unique<Impl>(std::move(run_marker), std::move(on_group))) {}

ProcessHost::~ProcessHost() {
  impl_->work.reset();
  impl_->context.stop();
  impl_->thread.join();
}

const std::string& ProcessHost::run_marker() const { return impl_->run_marker; }

std::unique_ptr<ChildProcess> ProcessHost::spawn(const SpawnOptions& options, std::function<void(ExitStatus)> on_exit) {
  struct Start {
    std::shared_ptr<ChildProcess::State> state;
    std::string failure;  // its text: what the thread sanitizer does not see is how two threads share an exception
  };
  std::promise<Start> started;
  asio::post(impl_->context, [&] {
    try {
      started.set_value({.state = impl_->start(options, std::move(on_exit)), .failure = {}});
    } catch (const EnvironmentError& error) {
      started.set_value({.state = nullptr, .failure = error.what()});
    } catch (...) {
      started.set_exception(std::current_exception());
    }
  });
  Start start = started.get_future().get();
  if (!start.state) throw EnvironmentError(start.failure);
  return std::unique_ptr<ChildProcess>(new ChildProcess(std::move(start.state)));
}

ChildProcess::~ChildProcess() {
  signal_group(SIGKILL);  // also members of the group that outlived their leader
  wait(std::chrono::seconds(30));
  if (state_->on_group) state_->on_group(state_->pid, false);
}

pid_t ChildProcess::pid() const { return state_->pid; }

std::optional<ExitStatus> ChildProcess::exited() const {
  std::unique_lock lock(state_->mutex);
  if (state_->exit) return state_->exit;
  // The host's thread may not have come to it yet; the kernel already knows. WNOWAIT leaves the child for the host to
  // collect.
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(state_->pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
    // Collected, and the host is about to say so.
    state_->changed.wait_for(lock, std::chrono::seconds(5), [&] { return state_->exit.has_value(); });
    return state_->exit;
  }
  if (info.si_pid == 0) return std::nullopt;
  if (info.si_code == CLD_EXITED) return ExitStatus{.code = info.si_status, .signal = 0};
  return ExitStatus{.code = 0, .signal = info.si_status};
}

std::optional<ExitStatus> ChildProcess::wait(std::chrono::nanoseconds timeout, std::stop_token stop) const {
  constexpr std::chrono::nanoseconds between_looks = std::chrono::milliseconds(100);
  using Clock = std::chrono::steady_clock;
  std::unique_lock lock(state_->mutex);
  Patience patience(Clock::now(), timeout);
  for (auto left = timeout; left > std::chrono::nanoseconds(0) && !stop.stop_requested();
       left = patience.left(Clock::now())) {
    if (state_->changed.wait_for(lock, stop, std::min(left, between_looks), [&] { return state_->finished; })) break;
  }
  return state_->finished ? state_->exit : std::nullopt;
}

void ChildProcess::signal_group(int signal) const { killpg(state_->pid, signal); }

ExitStatus ChildProcess::end(int signal, std::chrono::nanoseconds grace) {
  if (!exited()) {
    signal_group(signal);
    signal_group(SIGCONT);  // one that was halted could not act on it
  }
  if (const auto status = wait(grace)) return *status;
  signal_group(SIGKILL);
  // SIGKILL cannot be refused; a process stuck in the kernel ends when its call does.
  return wait(std::chrono::seconds(30)).value_or(ExitStatus{.code = -1});
}

}  // namespace sluice::services
