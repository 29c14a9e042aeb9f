#include "harness/cli/signals.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <utility>

namespace sluice::cli {

Signals::Signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGTSTP}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal_descriptor_ = signalfd(-1, &signals, SFD_CLOEXEC);
  end_descriptor_ = eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread([this] { listen(); });
}

Signals::~Signals() {
  const std::uint64_t one = 1;
  if (write(end_descriptor_, &one, sizeof one) == sizeof one) thread_.join();
  close(signal_descriptor_);
  close(end_descriptor_);
}

void Signals::listen() {
  pollfd waiting[2] = {{signal_descriptor_, POLLIN, 0}, {end_descriptor_, POLLIN, 0}};
  while (poll(waiting, 2, -1) >= 0 || errno == EINTR) {
    if ((waiting[1].revents & POLLIN) != 0) return;
    signalfd_siginfo info{};
    if ((waiting[0].revents & POLLIN) == 0 || read(signal_descriptor_, &info, sizeof info) != sizeof info) continue;
    if (info.ssi_signo == SIGTSTP) {
      suspend();
      continue;
    }
    if (received_ != 0) {
      leave(true);
      _exit(128 + static_cast<int>(info.ssi_signo));
    }
    received_ = static_cast<int>(info.ssi_signo);
    received_.notify_all();
    stop_.request_stop();
  }
}

void Signals::on_leave(std::function<void(bool)> leave) {
  const std::lock_guard lock(mutex_);
  leave_ = std::move(leave);
}

void Signals::leave(bool forever) {
  const std::lock_guard lock(mutex_);
  if (leave_) leave_(forever);
}

// The default action, which the kernel leaves out where nobody could resume us.
void Signals::suspend() {
  leave(false);
  sigset_t suspending;
  sigemptyset(&suspending);
  sigaddset(&suspending, SIGTSTP);
  raise(SIGTSTP);
  pthread_sigmask(SIG_UNBLOCK, &suspending, nullptr);
  pthread_sigmask(SIG_BLOCK, &suspending, nullptr);
}

void Signals::wait() const { received_.wait(0); }

}  // namespace sluice::cli
