#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice {

/// What proc(5) says of a process in /proc/PID/stat.
struct ProcessStat {
  char state = 0;  ///< R, S, D, Z, T, …
  int parent = 0;
  int group = 0;
  std::uint64_t started = 0;  ///< in clock ticks since the machine's start: with the number it is one process's alone
};

/// Nullopt when there is no such process.
std::optional<ProcessStat> read_process_stat(std::int64_t process);

/// Reads such a line, whatever the process's name within it may be; nullopt for anything else.
std::optional<ProcessStat> parse_process_stat(std::string_view line);

}  // namespace sluice
