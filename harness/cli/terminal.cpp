#include "harness/cli/terminal.hpp"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace sluice::cli {
namespace {

std::string_view value(const EnvironmentLookup& environment, const char* name) {
  const char* text = environment(name);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

bool is_on(std::string_view setting) { return !setting.empty() && setting != "0" && setting != "false"; }

const char* own_environment(const char* name) { return std::getenv(name); }

}  // namespace

bool wants_colour(const EnvironmentLookup& environment, bool is_terminal) {
  if (!value(environment, "NO_COLOR").empty()) return false;
  if (is_on(value(environment, "CLICOLOR_FORCE"))) return true;
  if (value(environment, "CLICOLOR") == "0" || value(environment, "TERM") == "dumb") return false;
  return is_terminal;
}

bool wants_live_view(const EnvironmentLookup& environment, bool is_terminal) {
  const auto terminal = value(environment, "TERM");
  return is_terminal && !terminal.empty() && terminal != "dumb" && !is_on(value(environment, "CI"));
}

bool use_colour(std::FILE* stream) { return wants_colour(own_environment, isatty(fileno(stream)) == 1); }

bool use_live_view(std::FILE* stream) { return wants_live_view(own_environment, isatty(fileno(stream)) == 1); }

ScreenSize screen_size(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return {};
  const ScreenSize usual;
  return {.width = size.ws_col > 0 ? size.ws_col : usual.width, .height = size.ws_row > 0 ? size.ws_row : usual.height};
}

std::string frame(const std::vector<PrintedLine>& printed, const std::vector<Line>& live, ScreenSize size,
                  bool colour) {
  // Where this program and the terminal disagree on a character's width, the terminal cuts: it does not wrap (?7l).
  constexpr std::string_view cut = "\x1b[?7l";
  constexpr std::string_view wrap = "\x1b[?7h";
  std::string out(erase_live_lines);
  for (const auto& [line, whole] : printed) {
    out +=
        whole ? rendered(line, colour) : fmt::format("{}{}{}", cut, rendered(cut_to(line, size.width), colour), wrap);
    out += "\n";
  }
  if (live.empty()) return out;
  out += cut;
  for (std::size_t i = 0; i < live.size(); ++i) {
    out += i == 0 ? "" : "\n";
    out += rendered(live[i], colour);
  }
  out += '\r';
  if (live.size() > 1) out += fmt::format("\x1b[{}A", live.size() - 1);
  return out.append(wrap);
}

}  // namespace sluice::cli
