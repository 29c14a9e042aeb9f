#include "reports/html_phase.hpp"

#include <fmt/core.h>

#include "harness/core/parameters.hpp"
#include "reports/difference.hpp"
#include "reports/escape.hpp"
#include "reports/summary.hpp"

namespace sluice::reports {
namespace {

constexpr std::size_t value_window = 1200;
constexpr std::size_t log_limit = 16'384;

void write_head(Markup& page, std::initializer_list<std::string_view> names) {
  const auto head = page.element("thead");
  const auto row = page.element("tr");
  for (const auto name : names)
    page.leaf("th", name, {{"scope", "col"}, {"class", name == "Samples" || name == "Took" ? "num" : "col"}});
}

void write_rules(Markup& page, const PhaseResult& phase) {
  if (phase.rules.empty()) return;
  page.leaf("h4", "Gate");
  const auto scroll = page.element(
      "div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Rules of the gate"}});
  const auto table = page.element("table");
  write_head(page, {"Rule", "Decision", "Observed", "Limit", "Samples"});
  const auto body = page.element("tbody");
  for (const auto& rule : phase.rules) {
    const auto row = page.element("tr");
    {
      const auto name = page.element("th", {{"scope", "row"}});
      page.text(rule.rule);
      if (!rule.explanation.empty()) page.leaf("small", rule.explanation);
    }
    {
      const auto decision = page.element("td", {{"data-label", "Decision"}});
      write_chip(page, rule.decision);
    }
    page.leaf("td", rule.observed, {{"data-label", "Observed"}});
    page.leaf("td", rule.limit, {{"data-label", "Limit"}});
    page.leaf("td", rule.samples ? grouped(*rule.samples) : "–", {{"class", "num"}, {"data-label", "Samples"}});
  }
}

void write_actions(Markup& page, const PhaseResult& phase) {
  if (phase.actions.empty()) return;
  page.leaf("h4", "Actions");
  const auto list = page.element("ul", {{"class", "actions"}});
  for (const auto& action : phase.actions) {
    const auto item = page.element("li");
    write_chip(page, action.succeeded ? "✓" : "✗", action.succeeded ? "done" : "failed",
               action.succeeded ? "passed" : "failed");
    page.text(" ");
    page.leaf("strong", action.name);
    page.text(" " + action.outcome);
    page.leaf("span", human_duration(action.duration), {{"class", "took"}});
    write_command(page, action.command);
    if (!action.succeeded) write_log(page, action.output_tail, action.log);
  }
}

void write_metrics(Markup& page, const std::vector<Metric>& metrics) {
  if (metrics.empty()) return;
  const auto scroll =
      page.element("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Measurements"}});
  const auto table = page.element("table");
  write_head(page, {"Metric", "Measured", "Limit", "Samples"});
  const auto body = page.element("tbody");
  for (const auto& metric : metrics) {
    const auto row = page.element("tr");
    page.leaf("th", metric.name, {{"scope", "row"}, {"class", "mono"}});
    page.leaf("td", measured(metric), {{"data-label", "Measured"}});
    page.leaf("td", metric.limit ? number(*metric.limit) : "–", {{"data-label", "Limit"}});
    page.leaf("td", grouped(metric.samples), {{"class", "num"}, {"data-label", "Samples"}});
  }
}

void write_value(Markup& page, std::string_view label, const std::optional<std::string>& value, const Split& split) {
  const auto box = page.element("div", {{"class", "value"}});
  page.leaf("dt", label);
  const auto definition = page.element("dd");
  if (!value) {
    page.leaf("i", "nothing there", {{"class", "w"}});
    return;
  }
  if (value->empty()) {
    page.leaf("i", "empty text", {{"class", "w"}});
    return;
  }
  if (split.skipped_before != 0)
    page.leaf("i", fmt::format("… {} bytes before ", grouped(split.skipped_before)), {{"class", "w"}});
  page.value(split.before);
  if (!split.middle.empty()) {
    const auto mark = page.element("mark");
    page.value(split.middle);
  }
  page.value(split.after);
  if (split.skipped_after != 0)
    page.leaf("i", fmt::format(" … {} bytes more", grouped(split.skipped_after)), {{"class", "w"}});
}

void write_values(Markup& page, const Finding& finding) {
  if (!finding.old_value && !finding.new_value) return;
  const auto list = page.element("dl", {{"class", "values"}});
  if (finding.old_value && finding.new_value) {
    const auto [old_split, new_split] = split_difference(*finding.old_value, *finding.new_value, value_window);
    write_value(page, "Old", finding.old_value, old_split);
    write_value(page, "New", finding.new_value, new_split);
    return;
  }
  write_value(page, "Old", finding.old_value, finding.old_value ? whole(*finding.old_value, value_window) : Split{});
  write_value(page, "New", finding.new_value, finding.new_value ? whole(*finding.new_value, value_window) : Split{});
}

void write_place(Markup& page, const Finding& finding) {
  if (finding.where.empty()) return;
  const auto line = page.element("p", {{"class", "where"}});
  bool first = true;
  for (const auto& [name, value] : finding.where) {
    if (!first) page.leaf("span", " › ", {{"class", "sep"}});
    first = false;
    page.leaf("span", name + " ", {{"class", "dim"}});
    page.leaf("code", clipped(value, 300));
  }
}

std::string_view severity_sign(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "i";
    case Severity::warning:
      return "!";
    case Severity::error:
      return "✗";
    case Severity::critical:
      return "‼";
  }
  return "✗";
}

void write_finding(Markup& page, const Finding& finding) {
  const auto item = page.element("li", {{"class", "finding"}});
  {
    const auto line = page.element("p", {{"class", "summary"}});
    const bool grave = finding.severity == Severity::error || finding.severity == Severity::critical;
    write_chip(page, severity_sign(finding.severity), to_string(finding.severity),
               grave                                   ? "failed"
               : finding.severity == Severity::warning ? "inconclusive"
                                                       : "skipped");
    page.text(" " + clipped(finding.summary, 600) + " ");
    page.leaf("code", finding.rule, {{"class", "dim"}});
    if (finding.occurrences > 1)
      page.leaf("span", fmt::format(" seen {}", counted(finding.occurrences, "time")), {{"class", "dim"}});
  }
  write_place(page, finding);
  write_values(page, finding);
  write_command(page, finding.reproduce);
}

void write_findings(Markup& page, const Outcome& outcome) {
  if (outcome.findings.empty() && outcome.findings_total == 0) return;
  page.leaf("h5",
            outcome.findings_total > outcome.findings.size()
                ? fmt::format("Findings: the first {} of {}", outcome.findings.size(), grouped(outcome.findings_total))
                : fmt::format("Findings: {}", grouped(outcome.findings_total)));
  const auto list = page.element("ol", {{"class", "findings"}});
  for (const auto& finding : outcome.findings) write_finding(page, finding);
}

void write_evidence(Markup& page, const Outcome& outcome) {
  const auto list = page.element("dl", {{"class", "facts"}});
  {
    const auto pair = page.element("div");
    page.leaf("dt", "Examined");
    std::string text;
    for (const auto& coverage : outcome.coverage) text += (text.empty() ? "" : ", ") + examined(coverage);
    page.leaf("dd", text.empty() ? "nothing" : text);
  }
  {
    const auto pair = page.element("div");
    page.leaf("dt", "Control");
    const auto definition = page.element("dd");
    if (!outcome.control) {
      page.text(outcome.verdict == Verdict::passed ? "not run: nothing shows that this check could have failed"
                                                   : "not needed, the check did not pass");
    } else {
      write_chip(page, outcome.control->caught ? "✓" : "✗", outcome.control->caught ? "caught" : "not caught",
                 outcome.control->caught ? "passed" : "failed");
      page.text(" planted: " + outcome.control->planted);
      if (!outcome.control->observed.empty()) page.leaf("small", "It said: " + outcome.control->observed);
    }
  }
  if (!outcome.artifacts.empty()) {
    const auto pair = page.element("div");
    page.leaf("dt", "Files");
    const auto definition = page.element("dd");
    for (const auto& artifact : outcome.artifacts) {
      page.text(artifact.name + " ");
      page.leaf("code", artifact.path.native() + " ");
    }
  }
}

void write_check(Markup& page, const CheckResult& check) {
  const Outcome& outcome = check.outcome;
  const bool open = outcome.verdict != Verdict::passed && outcome.verdict != Verdict::skipped;
  const std::string status = fmt::format("check {}", to_string(outcome.verdict));
  const auto details =
      open ? page.element("details", {{"class", status}, {"open", ""}}) : page.element("details", {{"class", status}});
  {
    const auto summary = page.element("summary");
    write_chip(page, outcome.verdict);
    page.leaf("strong", check.name);
    page.leaf("span", check.kind + (check.stage.empty() ? "" : ", " + check.stage), {{"class", "dim"}});
    page.leaf("span", human_duration(check.duration), {{"class", "took"}});
    page.leaf("span", outcome.reason, {{"class", "reason"}});
  }
  const auto body = page.element("div", {{"class", "body"}});
  write_evidence(page, outcome);
  write_metrics(page, outcome.metrics);
  write_findings(page, outcome);
  if (!check.reproduce.empty()) {
    page.leaf("h5", "This check again");
    write_command(page, check.reproduce);
  }
}

}  // namespace

std::string status_class(Decision decision) {
  if (decision == Decision::go) return "go";
  return decision == Decision::no_go ? "no-go" : "inconclusive";
}

void write_chip(Markup& page, std::string_view sign, std::string_view word, std::string_view status) {
  const auto chip = page.element("span", {{"class", fmt::format("chip {}", status)}});
  page.leaf("span", sign, {{"aria-hidden", "true"}});
  page.text(fmt::format(" {}", word));
}

void write_chip(Markup& page, Decision decision) {
  write_chip(page, mark(decision), to_string(decision), status_class(decision));
}

void write_chip(Markup& page, Verdict verdict) {
  write_chip(page, mark(verdict), to_string(verdict), to_string(verdict));
}

void write_command(Markup& page, std::string_view command) {
  if (command.empty()) return;
  const auto box = page.element("pre", {{"class", "command"}, {"tabindex", "0"}});
  page.leaf("code", command);
}

void write_log(Markup& page, std::string_view tail, std::string_view path) {
  if (!tail.empty()) {
    const auto box = page.element("pre", {{"class", "log"}, {"tabindex", "0"}});
    page.text(tail.size() > log_limit ? tail.substr(tail.size() - log_limit) : tail);
  }
  if (!path.empty()) {
    const auto line = page.element("p", {{"class", "dim"}});
    page.text("Whole log: ");
    page.leaf("code", path);
  }
}

void write_phase(Markup& page, const PhaseResult& phase, std::size_t index) {
  const std::string anchor = fmt::format("phase-{}", index);
  const std::string status = fmt::format(
      "phase {}", phase.entered_only && phase.decision != Decision::no_go ? "skipped" : status_class(phase.decision));
  const auto article =
      page.element("article", {{"id", anchor}, {"class", status}, {"aria-labelledby", anchor + "-name"}});
  {
    const auto head = page.element("header");
    page.leaf("h3", phase.name, {{"id", anchor + "-name"}});
    if (phase.entered_only && phase.decision != Decision::no_go)
      write_chip(page, "–", "entered only", "skipped");
    else
      write_chip(page, phase.decision);
    page.leaf("span", human_duration(phase.duration), {{"class", "took"}});
  }
  if (!phase.deciding_rule.empty()) page.leaf("p", phase.deciding_rule, {{"class", "rule"}});
  write_rules(page, phase);
  write_actions(page, phase);
  if (!phase.checks.empty()) page.leaf("h4", "Checks");
  for (const auto& check : phase.checks) write_check(page, check);
}

}  // namespace sluice::reports
