#include "harness/core/left_processes.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <set>
#include <string_view>

#include "harness/core/pause.hpp"
#include "harness/core/printable.hpp"
#include "harness/core/process_search.hpp"
#include "harness/core/process_stat.hpp"

namespace sluice {
namespace {

bool lives(const ProcessStat& stat) { return stat.state != 'Z' && stat.state != 'X'; }

std::vector<LeftProcess> now(const LeftBy& left) {
  std::set<int> wanted = adopted_processes();
  for (const int process : left.adopted_before) wanted.erase(process);
  for (const int process : processes_with({left.mark})) wanted.insert(process);
  if (left.group != 0) {
    for_each_process([&](int process) {
      const auto stat = read_process_stat(process);
      if (stat && stat->group == left.group) wanted.insert(process);
    });
  }
  std::vector<LeftProcess> found;
  for (const int process : wanted) {
    const auto stat = read_process_stat(process);
    std::string name = read_proc(fmt::format("/proc/{}/comm", process));
    if (!stat || !lives(*stat) || name.empty()) continue;  // it has ended meanwhile
    name.pop_back();                                       // the end of its line
    found.push_back({.number = process, .group = stat->group, .name = std::move(name)});
  }
  return found;
}

}  // namespace

std::string LeftProcess::to_string() const { return fmt::format("{} ({})", printable(name, 60), number); }

std::set<int> adopted_processes() {
  std::set<int> found;
  for_each_process([&](int process) {
    const auto stat = read_process_stat(process);
    if (!stat || stat->parent != getpid() || !lives(*stat)) return;
    const std::string environment = '\0' + read_proc(fmt::format("/proc/{}/environ", process));
    if (environment.find(std::string_view("\0SLUICE_RUN=", 12)) == std::string::npos) found.insert(process);
  });
  return found;
}

std::vector<LeftProcess> left_processes(const LeftBy& left, std::chrono::nanoseconds patience,
                                        const std::stop_token& cancelled) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (true) {
    auto found = now(left);
    if (found.empty() || std::chrono::steady_clock::now() > deadline) return found;
    pause_unless_cancelled(std::chrono::milliseconds(5), cancelled);
  }
}

}  // namespace sluice
