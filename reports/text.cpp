#include "reports/text.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "harness/core/parameters.hpp"
#include "reports/difference.hpp"
#include "reports/escape.hpp"
#include "reports/summary.hpp"

namespace sluice::reports {
namespace {

constexpr std::size_t findings_shown = 3;
constexpr std::size_t value_window = 160;

enum class Style { plain, bold, dim, good, bad, doubtful };

Style style_of(Verdict verdict) {
  if (verdict == Verdict::passed) return Style::good;
  if (verdict == Verdict::failed || verdict == Verdict::errored) return Style::bad;
  return verdict == Verdict::inconclusive ? Style::doubtful : Style::dim;
}

Style style_of(Decision decision) {
  if (decision == Decision::go) return Style::good;
  return decision == Decision::no_go ? Style::bad : Style::doubtful;
}

std::string line(std::string_view value, std::size_t limit = 400) { return clipped(terminal_text(value), limit); }

std::string label(const CheckResult& check) {
  return check.stage.empty() ? line(check.name, 40)
                             : fmt::format("{} ({})", line(check.name, 40), line(check.stage, 20));
}

// Blanks at the ends, or nothing at all, show only between quotes.
std::string quoted_where_needed(std::string_view value) {
  const bool bare = !value.empty() && value.front() != ' ' && value.back() != ' ';
  return bare ? line(value) : fmt::format("\"{}\"", line(value));
}

// Bytes of padding that bring `text` to `width` characters; good enough for names, which are mostly ASCII.
std::string padded(std::string text, std::size_t width) {
  std::size_t characters = 0;
  for (std::string_view rest = text; !rest.empty(); ++characters) take_character(rest);
  if (characters < width) text.append(width - characters, ' ');
  return text;
}

class Summary {
 public:
  explicit Summary(bool colour) : colour_(colour) {}

  void add_head(const RunResult& run) {
    out_ += fmt::format("{}  seed {}, {}\n", styled(Style::bold, line(run.plan_name)), run.seed,
                        human_duration(run.duration));
    if (!run.controls_enabled)
      out_ += styled(Style::doubtful, "controls are off: no pass below was proved able to fail") + "\n";
    if (!run.interrupted.empty())
      out_ += styled(Style::doubtful, fmt::format("interrupted by {}", line(run.interrupted))) + "\n";
  }

  void add_service(const ServiceResult& service) {
    if (service.detail.empty() && service.log_tail.empty()) return;
    out_ += fmt::format("\n{} service {} {}: {}\n", styled(Style::bad, "!"), line(service.name), line(service.state),
                        line(service.detail));
    add_tail(service.log_tail, service.log);
  }

  void add_phase(const PhaseResult& phase) {
    const std::string decision(phase.entered_only ? "entered only" : to_string(phase.decision));
    out_ += fmt::format("\n{}  {}\n", styled(Style::bold, line(phase.name)),
                        phase.entered_only ? styled(Style::dim, decision) : styled(style_of(phase.decision), decision));
    std::size_t width = 0;
    for (const auto& check : phase.checks) width = std::max(width, label(check).size());
    for (const auto& action : phase.actions) add_action(action);
    for (const auto& check : phase.checks) add_check(check, width);
    if (!phase.entered_only || phase.decision == Decision::no_go)
      out_ += fmt::format("  gate: {}\n", line(phase.deciding_rule));
  }

  void add_not_run(const std::vector<NotRun>& absent) {
    if (absent.empty()) return;
    out_ += fmt::format("\n{}\n", styled(Style::bold, "not run"));
    for (const auto& item : absent)
      out_ += fmt::format("  – {} {}{}: {}\n", line(item.what), line(item.name),
                          item.phase.empty() ? "" : fmt::format(" ({})", line(item.phase)), line(item.why));
  }

  void add_decision(const RunResult& run) {
    std::uint64_t ran = 0;
    std::uint64_t passed = 0;
    for (const auto& count : count_suites(run)) ran += count.ran(), passed += count.passed;
    out_ += fmt::format("\n{}: {}\n", styled(style_of(run.decision), headline(run)), line(run.deciding_rule));
    out_ += fmt::format("  {} of {} passed\n", grouped(passed), counted(ran, "check"));
    if (!run.command.empty()) out_ += fmt::format("  again: {}\n", terminal_text(run.command));
  }

  std::string take() { return std::move(out_); }

 private:
  std::string styled(Style style, const std::string& value) const {
    if (!colour_ || style == Style::plain) return value;
    constexpr std::string_view codes[] = {"0", "1", "2", "1;32", "1;31", "1;33"};
    return fmt::format("\x1b[{}m{}\x1b[0m", codes[static_cast<std::size_t>(style)], value);
  }

  void add_tail(std::string_view tail, const std::string& log) {
    for (std::string_view rest = tail; !rest.empty();) {
      const std::size_t end = rest.find('\n');
      out_ += fmt::format("      | {}\n", line(rest.substr(0, end), 200));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    if (!log.empty()) out_ += fmt::format("      whole log: {}\n", line(log));
  }

  void add_action(const ActionResult& action) {
    const std::string sign = action.succeeded ? styled(Style::good, "✓") : styled(Style::bad, "✗");
    out_ += fmt::format("  {} action {}: {}, {}\n", sign, line(action.name), line(action.outcome),
                        human_duration(action.duration));
    if (!action.succeeded) add_tail(action.output_tail, action.log);
  }

  void add_check(const CheckResult& check, std::size_t width) {
    const Verdict verdict = check.outcome.verdict;
    const std::string status = padded(fmt::format("{} {}", mark(verdict), to_string(verdict)), 14);
    out_ += fmt::format("  {}  {}  {}  {}\n", styled(style_of(verdict), status), padded(label(check), width),
                        line(check.outcome.reason, 300), styled(Style::dim, human_duration(check.duration)));
    if (verdict == Verdict::passed || verdict == Verdict::skipped) return;
    for (const auto& metric : check.outcome.metrics) {
      if (metric.limit)
        out_ += fmt::format("      {}: {}, limit {}, {}\n", line(metric.name), line(measured(metric)),
                            number(*metric.limit), counted(metric.samples, "sample"));
    }
    const auto& findings = check.outcome.findings;
    for (std::size_t i = 0; i < std::min(findings.size(), findings_shown); ++i) add_finding(findings[i]);
    if (check.outcome.findings_total > std::min(findings.size(), findings_shown))
      out_ += fmt::format("      … {} more in the report\n",
                          grouped(check.outcome.findings_total - std::min(findings.size(), findings_shown)));
    if (const auto& control = check.outcome.control; control && !control->caught)
      out_ += fmt::format("      control not caught: {}\n", line(control->planted));
    if (!check.reproduce.empty()) out_ += fmt::format("      again: {}\n", terminal_text(check.reproduce));
  }

  void add_finding(const Finding& finding) {
    const std::string again = finding.occurrences > 1 ? fmt::format(" (×{})", grouped(finding.occurrences)) : "";
    out_ += fmt::format("      {}{}\n", line(finding.summary, 300), again);
    const std::string where = location(finding);
    if (!where.empty()) out_ += fmt::format("        at   {}\n", line(where, 300));
    const auto [old_value, new_value] = excerpts(finding.old_value, finding.new_value, value_window);
    if (old_value) out_ += fmt::format("        old  {}\n", quoted_where_needed(*old_value));
    if (new_value) out_ += fmt::format("        new  {}\n", quoted_where_needed(*new_value));
  }

  bool colour_;
  std::string out_;
};

}  // namespace

std::string text(const RunResult& run, bool colour) {
  Summary summary(colour);
  summary.add_head(run);
  for (const auto& service : run.services) summary.add_service(service);
  for (const auto& phase : run.phases) summary.add_phase(phase);
  summary.add_not_run(everything_not_run(run));
  summary.add_decision(run);
  return summary.take();
}

}  // namespace sluice::reports
