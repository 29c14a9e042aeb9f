#include "harness/stores/clone_owner.hpp"

#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "harness/core/fnv1a.hpp"
#include "harness/core/process_stat.hpp"

namespace sluice::stores {
namespace {

std::string read_all(const std::string& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// Process numbers mean something until the machine starts anew, and within one name space: containers have their own.
std::string machine_prefix() {
  std::error_code unknown;
  const auto space = std::filesystem::read_symlink("/proc/self/ns/pid", unknown);
  const std::string machine = read_all("/proc/sys/kernel/random/boot_id") + space.string();
  return fmt::format("sluice_clone_{:016x}_", fnv1a(machine));
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string clone_prefix() {
  const auto self = read_process_stat(getpid());
  return fmt::format("{}{}_{}_", machine_prefix(), getpid(), self ? std::to_string(self->started) : "");
}

bool is_abandoned_clone(std::string_view database) {
  const std::string machine = machine_prefix();
  if (!database.starts_with(machine)) return false;
  database.remove_prefix(machine.size());
  const auto process_end = std::min(database.find('_'), database.size());
  const std::string_view process = database.substr(0, process_end);
  database.remove_prefix(std::min(process_end + 1, database.size()));
  const std::string_view start = database.substr(0, database.find('_'));
  std::int64_t number = 0;
  if (!is_number(process) || !is_number(start)) return false;
  if (std::from_chars(process.data(), process.data() + process.size(), number).ec != std::errc() || number <= 0) {
    return false;
  }
  if (kill(static_cast<pid_t>(number), 0) != 0 && errno == ESRCH) return true;
  const auto now = read_process_stat(number);
  // One that has ended stays as a zombie until its exit code is asked for: in a container without an init process, for
  // ever.
  return now && (now->state == 'Z' || std::to_string(now->started) != start);
}

}  // namespace sluice::stores
