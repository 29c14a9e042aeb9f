#include "harness/cli/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include "harness/core/parameters.hpp"
#include "harness/core/printable.hpp"

namespace sluice::cli {
namespace {

using namespace std::chrono_literals;

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// At most `width` columns, cut at a character. One column a character is right for what we print ourselves.
std::string cut(const std::string& text, std::size_t width) {
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool starts_character = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (starts_character && ++columns > width) return text.substr(0, i);
  }
  return text;
}

const char* colour_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      return "\x1b[32m";
    case Verdict::failed:
      return "\x1b[31m";
    default:
      return "\x1b[33m";
  }
}

const char* colour_of(Decision decision) {
  return decision == Decision::go ? "\x1b[1;32m" : decision == Decision::no_go ? "\x1b[1;31m" : "\x1b[1;33m";
}

}  // namespace

bool use_colour(std::FILE* stream) {
  if (is_set("NO_COLOR")) return false;
  const char* force = std::getenv("CLICOLOR_FORCE");
  if (force != nullptr && std::string_view(force) != "0" && *force != '\0') return true;
  return isatty(fileno(stream)) == 1;
}

ProgressPrinter::ProgressPrinter() : live_(isatty(STDERR_FILENO) == 1 && !is_set("CI")), colour_(use_colour(stderr)) {}

ProgressPrinter::~ProgressPrinter() { clear_status(); }

void ProgressPrinter::clear_status() {
  if (status_shown_) std::fputs("\r\x1b[K", stderr);
  status_shown_ = false;
}

void ProgressPrinter::print(const std::string& line) {
  clear_status();
  // fputs, not fmt::print: a reader of ours that has gone away must not end the run.
  std::fputs((line + "\n").c_str(), stderr);
  std::fflush(stderr);
}

void ProgressPrinter::show_status() {
  if (!live_ || running_.empty()) return;
  std::string line;
  for (const auto& [name, state] : running_)
    line += fmt::format("{}{} {}", line.empty() ? "    " : "  |  ", name, state);
  clear_status();
  std::fputs(cut(line, terminal_width() - 1).c_str(), stderr);
  std::fflush(stderr);
  status_shown_ = true;
  shown_at_ = std::chrono::steady_clock::now();
}

void ProgressPrinter::service_ready(const std::string& name, std::chrono::nanoseconds after) {
  const std::lock_guard lock(mutex_);
  print(fmt::format("service {} ready after {}", name, human_duration(after)));
}

void ProgressPrinter::phase_started(const std::string& phase, bool entered_only) {
  const std::lock_guard lock(mutex_);
  print(fmt::format("phase {}{}", phase, entered_only ? " (entered only: a later phase needs it)" : ""));
}

void ProgressPrinter::action_started(const std::string& action) {
  const std::lock_guard lock(mutex_);
  running_[action] = "runs";
  show_status();
}

void ProgressPrinter::action_finished(const ActionResult& result) {
  const std::lock_guard lock(mutex_);
  running_.erase(result.name);
  print(fmt::format("  action {}: {} ({})", result.name, result.outcome, human_duration(result.duration)));
  if (!result.succeeded && !result.output_tail.empty()) print(result.output_tail);
}

void ProgressPrinter::check_started(const std::string& check, const std::string&) {
  const std::lock_guard lock(mutex_);
  running_[check] = "…";
  show_status();
}

void ProgressPrinter::check_progressed(const std::string& check, const Progress& progress) {
  const std::lock_guard lock(mutex_);
  if (!live_ || std::chrono::steady_clock::now() - shown_at_ < 100ms) return;
  running_[check] = progress.total ? fmt::format("{:.0f} of {:.0f} {}", progress.done, *progress.total, progress.unit)
                                   : fmt::format("{:.0f} {}", progress.done, progress.unit);
  show_status();
}

void ProgressPrinter::control_started(const std::string& check) {
  const std::lock_guard lock(mutex_);
  running_[check] = "control";
  show_status();
}

void ProgressPrinter::check_finished(const CheckResult& result) {
  const std::lock_guard lock(mutex_);
  running_.erase(result.name);
  const auto verdict = to_string(result.outcome.verdict);
  const std::string word =
      colour_ ? fmt::format("{}{}\x1b[0m", colour_of(result.outcome.verdict), verdict) : std::string(verdict);
  print(fmt::format("  {} {} ({}): {}", word, result.name, human_duration(result.duration),
                    printable(result.outcome.reason)));
  show_status();
}

void ProgressPrinter::phase_finished(const PhaseResult& result) {
  const std::lock_guard lock(mutex_);
  if (result.entered_only) return;
  const auto decision = to_string(result.decision);
  print(colour_ ? fmt::format("  {}{}\x1b[0m", colour_of(result.decision), decision) : fmt::format("  {}", decision));
}

}  // namespace sluice::cli
