#include "reports/cases.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/core/parameters.hpp"
#include "reports/difference.hpp"
#include "reports/escape.hpp"
#include "reports/summary.hpp"

namespace sluice::reports {
namespace {

constexpr std::size_t name_limit = 300;
constexpr std::size_t message_limit = 1000;
constexpr std::size_t value_limit = 4096;

// CI systems split class names at dots, and show line ends and escapes of names in odd ways.
std::string class_part(std::string_view text) {
  std::string part = clipped(terminal_text(text), name_limit);
  std::replace(part.begin(), part.end(), '.', '_');
  return part.empty() ? "unnamed" : part;
}

std::string line(std::string_view text, std::size_t limit) {
  return clipped(terminal_text(clipped(text, limit)), limit);
}

// Hands out names that differ. Counts on from where it was for each name, so that many equal names do not cost their
// square.
class Names {
 public:
  std::string unique(const std::string& wanted) {
    std::string name = wanted;
    int& count = counts_.emplace(wanted, 1).first->second;
    while (!taken_.insert(name).second) name = fmt::format("{} #{}", wanted, ++count);
    return name;
  }

 private:
  std::set<std::string> taken_;
  std::map<std::string, int> counts_;
};

Verdict as_verdict(Decision decision) {
  switch (decision) {
    case Decision::go:
      return Verdict::passed;
    case Decision::no_go:
      return Verdict::failed;
    case Decision::inconclusive:
      return Verdict::inconclusive;
  }
  return Verdict::errored;
}

std::string check_details(const CheckResult& check, const Concession* concession) {
  const Outcome& outcome = check.outcome;
  std::string text;
  if (concession != nullptr) {
    text += fmt::format("{}, counts as passed: {}\n",
                        concession->verdict == Verdict::failed ? "WAIVED" : "ALLOWED TO BE INCONCLUSIVE",
                        terminal_text(concession->why));
  }
  if (check.overlapped.count() > 0)
    text += fmt::format("ran beside the actions for {}\n", human_duration(check.overlapped));
  text += fmt::format("{}, {}: {}\n", check.kind, to_string(outcome.verdict), terminal_text(outcome.reason));
  for (const auto& coverage : outcome.coverage)
    text += fmt::format("examined: {}\n", terminal_text(examined(coverage)));
  for (const auto& metric : outcome.metrics) {
    text += fmt::format("{}: {}", terminal_text(metric.name), terminal_text(measured(metric)));
    if (metric.limit) text += fmt::format(", limit {}", number(*metric.limit));
    text += fmt::format(", {}\n", counted(metric.samples, "sample"));
  }
  if (outcome.control)
    text += fmt::format("control: planted {}; {}\n", terminal_text(outcome.control->planted),
                        outcome.control->caught ? "caught" : "NOT CAUGHT");
  if (outcome.findings_total != 0)
    text += fmt::format("findings: {} in all, {} shown\n", grouped(outcome.findings_total), outcome.findings.size());
  for (const auto& finding : outcome.findings) text += "\n" + describe(finding);
  if (!check.reproduce.empty()) text += fmt::format("\nthe check again: {}\n", terminal_text(check.reproduce));
  return text;
}

std::string gate_details(const PhaseResult& phase) {
  std::string text;
  for (const auto& rule : phase.rules) {
    text += fmt::format("{} {}: observed {}, limit {}", to_string(rule.decision), terminal_text(rule.rule),
                        terminal_text(rule.observed), terminal_text(rule.limit));
    if (rule.samples) text += fmt::format(", {}", counted(*rule.samples, "sample"));
    text += "\n";
  }
  for (const auto& action : phase.actions) {
    if (!action.succeeded)
      text += fmt::format("action {} did not succeed: {}\n", terminal_text(action.name), terminal_text(action.outcome));
    if (action.left_running)
      text +=
          fmt::format("action {}, left running: {}\n", terminal_text(action.name), terminal_text(*action.left_running));
  }
  for (const auto& [waiver, state, hidden, hides] : phase.waivers)
    text += fmt::format("waiver of {} until {} ({}), {}: hides {}\n", terminal_text(waiver.owner),
                        terminal_text(waiver.expires), terminal_text(waiver.source), state, counted(hidden, "finding"));
  for (const auto& evidence : phase.evidence)
    text += fmt::format("stands on phase {}: GO in run {}, ledger record {}\n", terminal_text(evidence.phase),
                        terminal_text(evidence.run_id), terminal_text(evidence.record));
  if (phase.rollback)
    text += fmt::format("rolled back by {}: {}, {}\n", terminal_text(phase.rollback->name),
                        terminal_text(phase.rollback->outcome), window_text(*phase.rollback));
  if (phase.rollback && phase.rollback->left_running)
    text += fmt::format("action {}, left running: {}\n", terminal_text(phase.rollback->name),
                        terminal_text(*phase.rollback->left_running));
  return text;
}

std::string run_details(const RunResult& run) {
  std::string text = fmt::format("{}: {}\nplan: {}\nseed: {}\n", headline(run), terminal_text(run.deciding_rule),
                                 terminal_text(run.plan_name), run.seed);
  for (const auto& [phase, rule, was, now] : run.weakened)
    text += fmt::format("weakened since the last GO of phase {}: {}: was {}, is {}\n", terminal_text(phase),
                        terminal_text(rule), terminal_text(was), terminal_text(now));
  text += terminal_text(ledger_line(run.ledger)) + "\n";
  if (!run.controls_enabled) text += "controls were off: no pass of this run was proved able to fail\n";
  if (!run.interrupted.empty()) text += fmt::format("interrupted by {}\n", terminal_text(run.interrupted));
  for (const auto& service : run.services) {
    if (!service.detail.empty())
      text += fmt::format("service {} {}: {}\n", terminal_text(service.name), terminal_text(service.state),
                          terminal_text(service.detail));
  }
  return text + fmt::format("again: {}\n", terminal_text(run.command));
}

// Gathers cases into suites in the order of their first case, and keeps all names apart.
class Collector {
 public:
  explicit Collector(std::size_t details_limit) : details_limit_(details_limit) {}

  void add(std::string_view phase, std::string_view suite, Case item) {
    const auto key = std::pair(std::string(phase), std::string(suite));
    auto found = index_.find(key);
    if (found == index_.end()) {
      const std::string name = suite_names_.unique(fmt::format("sluice.{}.{}", class_part(phase), class_part(suite)));
      found = index_.emplace(key, suites_.size()).first;
      suites_.push_back({.name = name, .cases = {}});
    }
    CaseSuite& home = suites_[found->second];
    item.classname = home.name.substr(std::string_view("sluice.").size());
    item.name = case_names_[found->second].unique(line(item.name.empty() ? "unnamed" : item.name, name_limit));
    item.message = line(item.message, message_limit);
    item.details = clipped(item.details, details_limit_);
    home.cases.push_back(std::move(item));
  }

  std::vector<CaseSuite> take() { return std::move(suites_); }

 private:
  std::size_t details_limit_;
  std::vector<CaseSuite> suites_;
  std::map<std::pair<std::string, std::string>, std::size_t> index_;
  Names suite_names_;
  std::map<std::size_t, Names> case_names_;
};

void add_check(Collector& collector, const PhaseResult& phase, const CheckResult& check) {
  const Concession* concession = concession_for(phase, check);
  collector.add(
      phase.name, check.suite,
      {.classname = {},
       .name = check.stage.empty() ? check.name : fmt::format("{} ({})", check.name, check.stage),
       .verdict = concession != nullptr ? Verdict::passed : check.outcome.verdict,
       .message = concession != nullptr ? fmt::format("counts as passed, {}: {}", concession->why, check.outcome.reason)
                                        : check.outcome.reason,
       .details = check_details(check, concession),
       .conceded = concession != nullptr ? concession->why : "",
       .started = check.started,
       .duration = check.duration});
}

void add_phase(Collector& collector, const PhaseResult& phase) {
  for (const auto& check : phase.checks) add_check(collector, phase, check);
  // A phase that was only passed through was not asked; that it could not be entered is no such excuse.
  const bool not_asked = phase.entered_only && phase.decision != Decision::no_go;
  collector.add(phase.name, "gate",
                {.classname = {},
                 .name = "gate",
                 .verdict = not_asked ? Verdict::skipped : as_verdict(phase.decision),
                 .message = not_asked ? "entered only because a later phase needs it; its gate was not asked"
                                      : fmt::format("{}: {}", headline(phase), phase.deciding_rule),
                 .details = gate_details(phase),
                 .conceded = {},
                 .started = phase.started,
                 .duration = phase.duration});
}

}  // namespace

std::string describe(const Finding& finding, std::string_view indent) {
  std::string text = fmt::format("{}[{}] {}: {}\n", indent, to_string(finding.severity), terminal_text(finding.rule),
                                 terminal_text(clipped(finding.summary, value_limit)));
  const auto add = [&](std::string_view label, std::string_view value) {
    text += fmt::format("{}  {:<10} {}\n", indent, label, terminal_text(clipped(value, value_limit)));
  };
  if (!finding.where.empty()) add("where:", location(finding));
  const auto [old_value, new_value] = excerpts(finding.old_value, finding.new_value, value_limit / 2);
  if (old_value) add("old:", *old_value);
  if (new_value) add("new:", *new_value);
  if (finding.occurrences > 1) add("seen:", counted(finding.occurrences, "time"));
  if (!finding.reproduce.empty()) add("reproduce:", finding.reproduce);
  return text;
}

std::vector<CaseSuite> case_suites(const RunResult& run, std::size_t details_limit) {
  Collector collector(details_limit);
  collector.add("run", "decision",
                {.classname = {},
                 .name = "decision",
                 .verdict = as_verdict(run.decision),
                 .message = fmt::format("{}: {}", headline(run), run.deciding_rule),
                 .details = run_details(run),
                 .conceded = {},
                 .started = run.started,
                 .duration = run.duration});
  for (const auto& phase : run.phases) add_phase(collector, phase);
  for (const auto& absent : run.not_run)
    collector.add(absent.phase.empty() ? "run" : absent.phase, "not-run",
                  {.classname = {},
                   .name = fmt::format("{} {}", absent.what, absent.name),
                   .verdict = Verdict::skipped,
                   .message = absent.why,
                   .details = {},
                   .conceded = {},
                   .started = run.started,
                   .duration = {}});
  return collector.take();
}

}  // namespace sluice::reports
