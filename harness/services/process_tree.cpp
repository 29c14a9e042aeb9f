#include "harness/services/process_tree.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "harness/core/process_stat.hpp"

namespace sluice::services {
namespace {

constexpr std::size_t most_processes = 10'000;  // a fork bomb must not keep us reading for ever

void for_each_thread(int process, const auto& visit) {
  std::error_code gone;
  std::filesystem::directory_iterator threads(fmt::format("/proc/{}/task", process), gone);
  while (!gone && threads != std::filesystem::directory_iterator()) {
    visit(threads->path());
    threads.increment(gone);
  }
}

}  // namespace

std::vector<int> process_tree(int root) {
  std::vector<int> found;
  if (std::filesystem::exists(fmt::format("/proc/{}", root))) found.push_back(root);
  for (std::size_t next = 0; next < found.size() && found.size() < most_processes; ++next) {
    for_each_thread(found[next], [&](const std::filesystem::path& thread) {
      std::ifstream children(thread / "children");
      for (int child = 0; children >> child;) found.push_back(child);
    });
  }
  return found;
}

bool is_halted(int process) {
  const auto stat = read_process_stat(process);
  return stat && stat->state == 'T';
}

std::chrono::nanoseconds processor_demand(const std::vector<int>& processes) {
  std::chrono::nanoseconds sum{0};
  for (const int process : processes) {
    for_each_thread(process, [&](const std::filesystem::path& thread) {
      std::ifstream schedstat(thread / "schedstat");
      std::int64_t running = 0;
      std::int64_t waiting = 0;
      if (schedstat >> running >> waiting) sum += std::chrono::nanoseconds(running + waiting);
    });
  }
  return sum;
}

HeldProcesses::~HeldProcesses() {
  for (const int descriptor : descriptors_) close(descriptor);
}

void HeldProcesses::hold(int process) {
  const int descriptor = static_cast<int>(syscall(SYS_pidfd_open, process, 0));
  if (descriptor >= 0) descriptors_.push_back(descriptor);
}

void HeldProcesses::kill(std::chrono::nanoseconds timeout) noexcept {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (const int descriptor : descriptors_) syscall(SYS_pidfd_send_signal, descriptor, SIGKILL, nullptr, 0);
  for (const int descriptor : descriptors_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd ended{.fd = descriptor, .events = POLLIN, .revents = 0};
    poll(&ended, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
  }
}

}  // namespace sluice::services
