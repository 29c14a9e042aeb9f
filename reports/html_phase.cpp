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

void write_action(Markup& page, const ActionResult& action, bool well, std::string_view word) {
  const auto item = page.element("li");
  write_chip(page, well ? "✓" : "✗", word, well ? "passed" : "failed");
  page.text(" ");
  page.leaf("strong", action.name);
  page.text(" " + action.outcome);
  page.leaf("span", human_duration(action.duration), {{"class", "took"}});
  if (action.left_running) page.leaf("p", "left running: " + *action.left_running, {{"class", "dim"}});
  write_command(page, action.command);
  if (!well) write_log(page, action.output_tail, action.log);
}

void write_actions(Markup& page, const PhaseResult& phase) {
  if (!phase.actions.empty()) {
    page.leaf("h4", "Actions");
    const auto list = page.element("ul", {{"class", "actions"}});
    for (const auto& action : phase.actions)
      write_action(page, action, action.succeeded, action.succeeded ? "done" : "failed");
  }
  if (!phase.rollback) return;
  const ActionResult& rollback = *phase.rollback;
  page.leaf("h4", "Rolled back");
  {
    const auto list = page.element("ul", {{"class", "actions"}});
    write_action(page, rollback, in_time(rollback),
                 !rollback.succeeded ? "failed"
                 : in_time(rollback) ? "done"
                                     : "done too late");
  }
  page.leaf("p", fmt::format("The rollback {}.", window_text(rollback)), {{"class", "dim"}});
}

void write_metrics(Markup& page, const std::vector<Metric>& metrics) {
  if (metrics.empty()) return;
  const auto scroll =
      page.element("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Measurements"}});
  const auto table = page.element("table");
  write_table_head(page, {"Metric", "Measured", "Limit", "Samples"});
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

void write_overlap(Markup& page, const CheckResult& check) {
  if (check.stage != "during") return;
  const auto pair = page.element("div");
  page.leaf("dt", "Beside the actions");
  page.leaf("dd", check.overlapped.count() == 0 ? "at no time" : "for " + human_duration(check.overlapped));
}

void write_evidence(Markup& page, const CheckResult& check) {
  const Outcome& outcome = check.outcome;
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
  write_overlap(page, check);
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

void write_check(Markup& page, const CheckResult& check, const Concession* concession) {
  const Outcome& outcome = check.outcome;
  const bool open = outcome.verdict != Verdict::passed && outcome.verdict != Verdict::skipped;
  const std::string status = fmt::format("check {}", to_string(outcome.verdict));
  const auto details =
      open ? page.element("details", {{"class", status}, {"open", ""}}) : page.element("details", {{"class", status}});
  {
    const auto summary = page.element("summary");
    write_chip(page, outcome.verdict);
    if (concession != nullptr)
      write_chip(page, "~", outcome.verdict == Verdict::failed ? "waived" : "allowed", "inconclusive");
    page.leaf("strong", check.name);
    page.leaf("span", check.kind + (check.stage.empty() ? "" : ", " + check.stage), {{"class", "dim"}});
    page.leaf("span", human_duration(check.duration), {{"class", "took"}});
    page.leaf("span", outcome.reason, {{"class", "reason"}});
    if (concession != nullptr) page.leaf("span", "Counts as passed: " + concession->why, {{"class", "reason"}});
  }
  const auto body = page.element("div", {{"class", "body"}});
  write_evidence(page, check);
  write_metrics(page, outcome.metrics);
  write_findings(page, outcome);
  if (!check.reproduce.empty()) {
    page.leaf("h5", "This check again");
    write_command(page, check.reproduce);
  }
}

}  // namespace

void write_table_head(Markup& page, std::initializer_list<std::string_view> names) {
  const auto head = page.element("thead");
  const auto row = page.element("tr");
  for (const auto name : names)
    page.leaf("th", name, {{"scope", "col"}, {"class", name == "Samples" || name == "Took" ? "num" : "col"}});
}

std::string conceded_class(const PhaseResult& phase) {
  return phase.decision == Decision::go && !phase.concessions.empty() ? "inconclusive" : status_class(phase.decision);
}

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
      "phase {}", phase.entered_only && phase.decision != Decision::no_go ? "skipped" : conceded_class(phase));
  const auto article =
      page.element("article", {{"id", anchor}, {"class", status}, {"aria-labelledby", anchor + "-name"}});
  {
    const auto head = page.element("header");
    page.leaf("h3", phase.name, {{"id", anchor + "-name"}});
    if (phase.entered_only && phase.decision != Decision::no_go)
      write_chip(page, "–", "entered only", "skipped");
    else
      write_chip(page, mark(phase.decision), headline(phase), conceded_class(phase));
    page.leaf("span", human_duration(phase.duration), {{"class", "took"}});
  }
  if (phase.entered_only && !phase.deciding_rule.empty()) page.leaf("p", phase.deciding_rule, {{"class", "rule"}});
  if (!phase.environment_failure.empty())
    page.leaf("p", "The environment did not hold: " + phase.environment_failure,
              {{"class", "warning"}, {"role", "note"}});
  write_actions(page, phase);
  if (!phase.checks.empty()) page.leaf("h4", "Checks");
  for (const auto& check : phase.checks) write_check(page, check, concession_for(phase, check));
}

}  // namespace sluice::reports
