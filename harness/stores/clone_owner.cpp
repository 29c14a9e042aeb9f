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
#include <optional>

namespace sluice::stores {
namespace {

std::string read_all(const std::string& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// FNV-1a: any hash that stays the same from run to run does.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}

// Process numbers mean something until the machine starts anew, and within one name space: containers have their own.
std::string machine_prefix() {
  std::error_code unknown;
  const auto space = std::filesystem::read_symlink("/proc/self/ns/pid", unknown);
  const std::string machine = read_all("/proc/sys/kernel/random/boot_id") + space.string();
  return fmt::format("sluice_clone_{:016x}_", hash_of(machine));
}

struct ProcessStat {
  char state;
  std::string start;  ///< in clock ticks since the machine's start
};

// Nothing when there is no such process, or when it may not be looked at.
std::optional<ProcessStat> stat_of(std::int64_t process) {
  const std::string stat = read_all(fmt::format("/proc/{}/stat", process));
  const auto name_end = stat.rfind(')');  // the name before it may hold anything
  if (name_end == std::string::npos || name_end + 2 >= stat.size()) return {};
  const char state = stat[name_end + 2];
  std::size_t begin = name_end + 2;
  constexpr int fields_between = 19;  // proc(5): starttime is field 22, the one after the name is field 3
  for (int i = 0; i < fields_between; ++i) begin = stat.find(' ', begin) + 1;
  return ProcessStat{.state = state, .start = stat.substr(begin, stat.find(' ', begin) - begin)};
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string clone_prefix() {
  const auto self = stat_of(getpid());
  return fmt::format("{}{}_{}_", machine_prefix(), getpid(), self ? self->start : "");
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
  const auto now = stat_of(number);
  // One that has ended stays as a zombie until its exit code is asked for: in a container without an init process, for
  // ever.
  return now && (now->state == 'Z' || now->start != start);
}

}  // namespace sluice::stores
