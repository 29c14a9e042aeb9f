#include "harness/core/process_stat.hpp"

#include <fmt/core.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace sluice {

std::optional<ProcessStat> parse_process_stat(std::string_view line) {
  const auto name_end = line.rfind(')');  // the name may hold anything, also blanks and brackets
  if (name_end == std::string_view::npos) return std::nullopt;
  std::istringstream fields{std::string(line.substr(name_end + 1))};
  ProcessStat stat;
  fields >> stat.state >> stat.parent;
  constexpr int fields_between = 17;  // starttime is field 22, the parent is field 4
  std::string skipped;
  for (int i = 0; i < fields_between; ++i) fields >> skipped;
  fields >> stat.started;
  return fields ? std::optional(stat) : std::nullopt;
}

std::optional<ProcessStat> read_process_stat(std::int64_t process) {
  std::ifstream stream(fmt::format("/proc/{}/stat", process));
  return parse_process_stat(std::string{std::istreambuf_iterator<char>(stream), {}});
}

}  // namespace sluice
