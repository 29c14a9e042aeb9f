#include "harness/cli/progress.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include "harness/core/parameters.hpp"
#include "reports/escape.hpp"
#include "reports/summary.hpp"

namespace sluice::cli {
namespace {

using namespace std::chrono_literals;
using reports::terminal_text;
using What = LiveModel::What;

constexpr auto told_every = 30s;
constexpr const char* services_row = "services";

Style style_of(Verdict verdict) {
  if (verdict == Verdict::passed) return Style::good;
  return verdict == Verdict::failed || verdict == Verdict::errored ? Style::bad : Style::doubtful;
}

Style style_of(Decision decision) {
  if (decision == Decision::go) return Style::good;
  return decision == Decision::no_go ? Style::bad : Style::doubtful;
}

}  // namespace

ProgressPrinter::ProgressPrinter(const std::vector<std::string>& services)
    : live_(use_live_view(stderr)),
      starting_(services),
      writer_(STDERR_FILENO, live_, use_colour(stderr),
              {.live =
                   [this](ScreenSize size) {
                     const std::lock_guard lock(mutex_);
                     return model_.lines(size, now());
                   },
               .due = [this] { return due(); }}) {
  const std::lock_guard lock(mutex_);
  if (starting_.empty()) return;
  model_.begin(What::services, services_row, "starting", now());
  model_.noted(What::services, services_row, fmt::format("{}", fmt::join(starting_, ", ")));
}

PrintedLine ProgressPrinter::dated(Line line, bool whole) const {
  if (!live_) {
    const auto time = fmt::gmtime(std::chrono::system_clock::to_time_t(clock_.today()));
    line.insert(line.begin(), {fmt::format("{:%H:%M:%S}Z  ", time)});
  }
  return {std::move(line), whole};
}

void ProgressPrinter::print_where_not_live(const std::string& text) {
  if (!live_) print({{text}});
}

std::vector<PrintedLine> ProgressPrinter::due() {
  const std::lock_guard lock(mutex_);
  std::vector<PrintedLine> lines;
  for (auto& sentence : model_.overdue(told_every, now())) lines.push_back(dated({{"  " + sentence}}, true));
  return lines;
}

void ProgressPrinter::say(const std::string& line) { writer_.print(dated({{terminal_text(line)}}, true)); }

void ProgressPrinter::show(const std::string& line) { writer_.print({{{terminal_text(line)}}, true}); }

void ProgressPrinter::holding() {
  const std::lock_guard lock(mutex_);
  model_ = {};
}

void ProgressPrinter::service_ready(const std::string& name, std::chrono::nanoseconds after) {
  {
    const std::lock_guard lock(mutex_);
    std::erase(starting_, name);
    model_.noted(What::services, services_row, fmt::format("{}", fmt::join(starting_, ", ")));
    if (starting_.empty()) model_.end(What::services, services_row);
  }
  print({{fmt::format("service {} ready after {}", terminal_text(name), human_duration(after))}});
}

void ProgressPrinter::phase_started(const std::string& phase, bool entered_only) {
  print({{"phase "},
         {terminal_text(phase), Style::bold},
         {entered_only ? " (entered only: a later phase needs it)" : ""}});
}

void ProgressPrinter::action_started(const std::string& action) {
  {
    const std::lock_guard lock(mutex_);
    model_.begin(What::action, action, "action", now());
  }
  print_where_not_live(fmt::format("  action {} started", terminal_text(action)));
}

void ProgressPrinter::action_finished(const ActionResult& result) {
  {
    const std::lock_guard lock(mutex_);
    model_.end(What::action, result.name);
  }
  const Style style = result.succeeded ? Style::good : Style::bad;
  print({{"  "},
         {result.succeeded ? "✓" : "✗", style},
         {fmt::format(" action {}: {} ({})", terminal_text(result.name), terminal_text(result.outcome),
                      human_duration(result.duration))}});
  if (result.left_running) print({{"    left running: " + terminal_text(*result.left_running)}});
  if (result.succeeded) return;
  for (std::string_view rest = result.output_tail; !rest.empty();) {
    const auto end = rest.find('\n');
    print({{"    | " + terminal_text(rest.substr(0, end))}});
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
}

void ProgressPrinter::check_started(const std::string& check, const std::string& kind) {
  {
    const std::lock_guard lock(mutex_);
    model_.begin(What::check, check, kind, now());
  }
  print_where_not_live(fmt::format("  {} started ({})", terminal_text(check), terminal_text(kind)));
}

void ProgressPrinter::check_progressed(const std::string& check, const Progress& progress) {
  const std::lock_guard lock(mutex_);
  model_.progressed(What::check, check, progress, now());
}

void ProgressPrinter::control_started(const std::string& check) {
  {
    const std::lock_guard lock(mutex_);
    model_.control_began(check);
  }
  print_where_not_live(fmt::format("  {}: control started", terminal_text(check)));
}

void ProgressPrinter::check_finished(const CheckResult& result) {
  {
    const std::lock_guard lock(mutex_);
    model_.end(What::check, result.name);
  }
  const Verdict verdict = result.outcome.verdict;
  print({{"  "},
         {fmt::format("{} {}", reports::mark(verdict), to_string(verdict)), style_of(verdict)},
         {fmt::format(" {} ({}): {}", terminal_text(result.name), human_duration(result.duration),
                      terminal_text(reports::clipped(result.outcome.reason, 400)))}});
}

void ProgressPrinter::phase_finished(const PhaseResult& result) {
  if (result.entered_only) return;
  print({{"  gate: "},
         {std::string(to_string(result.decision)), style_of(result.decision)},
         {result.decision == Decision::go ? "" : ", " + terminal_text(reports::clipped(result.deciding_rule, 400))}});
}

}  // namespace sluice::cli
