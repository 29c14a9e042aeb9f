#include "harness/core/process_stat.hpp"

#include <fmt/core.h>

#include <sstream>
#include <string>

#include "harness/core/process_search.hpp"

namespace sluice {

std::optional<ProcessStat> parse_process_stat(std::string_view line) {
  const auto name_end = line.rfind(')');  // the name may hold anything, also blanks and brackets
  if (name_end == std::string_view::npos) return std::nullopt;
  std::istringstream fields{std::string(line.substr(name_end + 1))};
  ProcessStat stat;
  fields >> stat.state >> stat.parent >> stat.group;
  constexpr int fields_between = 16;  // starttime is field 22, the group is field 5
  std::string skipped;
  for (int i = 0; i < fields_between; ++i) fields >> skipped;
  fields >> stat.started;
  return fields ? std::optional(stat) : std::nullopt;
}

std::optional<ProcessStat> read_process_stat(std::int64_t process) {
  // Not by a stream: one throws when the process goes between opening and reading.
  return parse_process_stat(read_proc(fmt::format("/proc/{}/stat", process)));
}

}  // namespace sluice
