#include "reports/text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>
#include <vector>

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

using Leads = std::vector<std::pair<std::string, std::string>>;

// The phase that the run's decision comes from; nothing when no phase was judged as the run was.
const PhaseResult* deciding_phase(const RunResult& run) {
  const auto found = std::find_if(run.phases.begin(), run.phases.end(), [&](const PhaseResult& phase) {
    return !phase.entered_only && phase.decision == run.decision;
  });
  return found == run.phases.end() ? nullptr : &*found;
}

// The word after a rule's first: "captures-equal" of "require captures-equal".
std::string_view subject(const RuleResult& rule, std::string_view first_word) {
  const std::string_view text = rule.rule;
  const bool fits = text.size() > first_word.size() && text.starts_with(first_word) && text[first_word.size()] == ' ';
  return fits ? text.substr(first_word.size() + 1) : std::string_view();
}

Leads leads_of(const ActionResult& action) {
  Leads leads{{"its command", terminal_text(action.command)}};
  if (!action.log.empty()) leads.emplace_back("its log", terminal_text(action.log));
  return leads;
}

// The check that a rule is about: the first of its name that did not pass, or else nothing.
Leads leads_of(const PhaseResult& phase, std::string_view check) {
  for (const auto& result : phase.checks) {
    if (result.name == check && result.outcome.verdict != Verdict::passed && !result.reproduce.empty())
      return {{"show again", terminal_text(result.reproduce)}};
  }
  return {};
}

// What to type or read to see again what decided: the first rule of the gate that says what the gate says. A service
// that failed comes before all: nothing else can be judged without it.
Leads leads(const RunResult& run) {
  if (run.decision == Decision::go || !run.interrupted.empty()) return {};
  for (const auto& service : run.services) {
    const bool decided = run.deciding_rule.find("service " + service.name + " ") != std::string::npos;
    if (decided && !service.detail.empty() && !service.log.empty()) return {{"its log", terminal_text(service.log)}};
  }
  const PhaseResult* phase = deciding_phase(run);
  if (phase == nullptr) return {};
  for (const auto& rule : phase->rules) {
    if (rule.decision != phase->decision) continue;
    for (const auto& action : phase->actions) {
      if (!action.succeeded && action.name == subject(rule, "action")) return leads_of(action);
    }
    if (auto found = leads_of(*phase, subject(rule, "require")); !found.empty()) return found;
    break;
  }
  return {};
}

std::string counts(const RunResult& run) {
  std::uint64_t ran = 0;
  std::uint64_t passed = 0;
  for (const auto& count : count_suites(run)) ran += count.ran(), passed += count.passed;
  return fmt::format("{} of {} passed, seed {}, {}", grouped(passed), counted(ran, "check"), run.seed,
                     human_duration(run.duration));
}

class Summary {
 public:
  explicit Summary(bool colour) : colour_(colour) {}

  // What a person wants to know first, and what to type next.
  void add_head(const RunResult& run) {
    out_ += fmt::format("{}  {}\n", styled(style_of(run.decision), headline(run)),
                        styled(Style::bold, line(run.plan_name)));
    out_ += fmt::format("  {}\n", line(run.deciding_rule));
    rule_said_ = run.deciding_rule;
    for (const auto& [what, value] : leads(run)) out_ += fmt::format("  {:12}{}\n", what + ": ", value);
    out_ += fmt::format("  {}\n", styled(Style::dim, counts(run)));
    if (!run.controls_enabled)
      out_ += styled(Style::doubtful, "  controls are off: no pass below was proved able to fail") + "\n";
    if (!run.interrupted.empty())
      out_ += styled(Style::doubtful, fmt::format("  interrupted by {}", line(run.interrupted))) + "\n";
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
    const bool said = phase.deciding_rule == rule_said_;  // the run's own sentence, at the top
    if (!said && (!phase.entered_only || phase.decision == Decision::no_go))
      out_ += fmt::format("  gate: {}\n", line(phase.deciding_rule));
  }

  // A phase entered only because another needs it says so above; its checks are not told of one by one.
  void add_not_run(const RunResult& run) {
    const auto entered_only = [&](const std::string& name) {
      return std::any_of(run.phases.begin(), run.phases.end(),
                         [&](const PhaseResult& phase) { return phase.entered_only && phase.name == name; });
    };
    std::string lines;
    for (const auto& item : everything_not_run(run)) {
      if (item.what == "check" && entered_only(item.phase)) continue;
      const bool place = !item.phase.empty() && item.phase != item.name;
      lines += fmt::format("  – {} {}{}: {}\n", line(item.what), line(item.name),
                           place ? fmt::format(" ({})", line(item.phase)) : "", line(item.why));
    }
    if (!lines.empty()) out_ += fmt::format("\n{}\n{}", styled(Style::bold, "not run"), lines);
  }

  // Again at the end, where the eye is when much has scrolled by.
  void add_end(const RunResult& run) {
    const std::string rule = run.decision == Decision::go ? "" : ": " + line(run.deciding_rule);
    out_ += fmt::format("\n{}{}\n", styled(style_of(run.decision), headline(run)), rule);
    if (!run.command.empty()) out_ += fmt::format("  whole run again: {}\n", terminal_text(run.command));
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
    if (action.left_running) out_ += fmt::format("      left running: {}\n", line(*action.left_running));
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
    std::vector<Finding> findings = check.outcome.findings;
    std::stable_sort(findings.begin(), findings.end(),
                     [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
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
    const bool grave = finding.severity >= Severity::error;
    out_ += fmt::format("      {}{}{}\n", grave ? "" : fmt::format("{}: ", to_string(finding.severity)),
                        line(finding.summary, 300), again);
    const std::string where = location(finding);
    if (!where.empty()) out_ += fmt::format("        at   {}\n", line(where, 300));
    const auto [old_value, new_value] = excerpts(finding.old_value, finding.new_value, value_window);
    if (old_value) out_ += fmt::format("        old  {}\n", quoted_where_needed(*old_value));
    if (new_value) out_ += fmt::format("        new  {}\n", quoted_where_needed(*new_value));
  }

  bool colour_;
  std::string rule_said_;
  std::string out_;
};

}  // namespace

std::string text(const RunResult& run, bool colour) {
  Summary summary(colour);
  summary.add_head(run);
  for (const auto& service : run.services) summary.add_service(service);
  for (const auto& phase : run.phases) summary.add_phase(phase);
  summary.add_not_run(run);
  summary.add_end(run);
  return summary.take();
}

}  // namespace sluice::reports
