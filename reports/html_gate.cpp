#include "reports/html_gate.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "reports/escape.hpp"
#include "reports/html_phase.hpp"
#include "reports/summary.hpp"

namespace sluice::reports {
namespace {

constexpr std::size_t text_limit = 2000;
constexpr std::size_t waivers_shown = 200;

void write_rule(Markup& page, const PhaseResult& phase, const RuleResult& rule) {
  const auto row = page.element("tr", {{"class", "rule " + status_class(rule.decision)}});
  {
    const auto name = page.element("th", {{"scope", "row"}});
    page.text(rule.rule);
    if (!rule.explanation.empty()) page.leaf("small", clipped(rule.explanation, text_limit));
  }
  {
    const auto decision = page.element("td", {{"data-label", "Decision"}});
    if (is_conceded(phase, rule))
      write_chip(page, "~", "GO, conceded", "inconclusive");
    else
      write_chip(page, rule.decision);
  }
  page.leaf("td", clipped(rule.observed, text_limit), {{"data-label", "Observed"}});
  page.leaf("td", rule.limit, {{"data-label", "Limit"}});
  page.leaf("td", rule.samples ? grouped(*rule.samples) : "–", {{"class", "num"}, {"data-label", "Samples"}});
}

// What the phase stands on: the ledger's word for the phases that it needs.
void write_evidence(Markup& page, const PhaseResult& phase) {
  if (phase.evidence.empty()) return;
  const auto list = page.element("ul", {{"class", "evidence"}});
  for (const auto& evidence : phase.evidence) {
    const auto item = page.element("li");
    page.text("Stands on phase ");
    page.leaf("strong", evidence.phase);
    page.text(fmt::format(", GO in run {}, {}, ledger record ", evidence.run_id, human_time(evidence.at)));
    page.leaf("code", evidence.record);
  }
}

void write_gate(Markup& page, const RunResult& run, const PhaseResult& phase) {
  const auto article = page.element("article", {{"class", "gate " + conceded_class(phase)}});
  {
    const auto head = page.element("header");
    page.leaf("h3", phase.name);
    write_chip(page, mark(phase.decision), headline(phase), conceded_class(phase));
  }
  // The banner said it already where there is one gate.
  if (phase.deciding_rule != run.deciding_rule)
    page.leaf("p", clipped(phase.deciding_rule, text_limit), {{"class", "rule"}});
  write_evidence(page, phase);
  if (phase.rules.empty()) return;
  const auto scroll = page.element("div", {{"class", "scroll"},
                                           {"tabindex", "0"},
                                           {"role", "region"},
                                           {"aria-label", "Rules of the gate of " + phase.name}});
  const auto table = page.element("table");
  write_table_head(page, {"Rule", "Decision", "Observed", "Limit", "Samples"});
  const auto body = page.element("tbody");
  for (const auto& rule : phase.rules) write_rule(page, phase, rule);
}

std::string holds_until(const Waiver& waiver, const PhaseResult& phase) {
  const auto left = days_left(waiver, phase);
  if (!left) return fmt::format("{}: no date, so it has expired", waiver.expires);
  if (*left < 0)
    return fmt::format("{}: expired {} before the phase", waiver.expires,
                       counted(static_cast<std::uint64_t>(-*left), "day"));
  if (*left == 0) return waiver.expires + ": its last day";
  return fmt::format("{}: {} left", waiver.expires, counted(static_cast<std::uint64_t>(*left), "day"));
}

std::string meant_findings(const Waiver& waiver) {
  std::string text = fmt::format("{} of check {}", waiver.rule == "*" ? "any error" : waiver.rule, waiver.check);
  for (const auto& [name, glob] : waiver.where) text += fmt::format(" › {} {}", name, glob);
  if (!waiver.severity_ack.empty()) text += fmt::format(", also {}", waiver.severity_ack);
  return text;
}

std::string hidden_findings(const WaiverUse& use) {
  std::string text;
  for (const auto& hidden : use.hides) {
    text += fmt::format("{}{} of {}{}", text.empty() ? "" : "; ", counted(hidden.findings, "finding"), hidden.check,
                        hidden.stage.empty() ? "" : fmt::format(" ({})", hidden.stage));
    if (hidden.occurrences > hidden.findings) text += fmt::format(", seen {}", counted(hidden.occurrences, "time"));
  }
  return text.empty() ? "nothing" : text;
}

void write_pair(Markup& page, std::string_view name, std::string_view value, std::string_view status = "plain") {
  const auto pair = page.element("div", {{"class", status}});
  page.leaf("dt", name);
  page.leaf("dd", clipped(value, text_limit));
}

void write_waiver(Markup& page, const PhaseResult& phase, const Waiver& waiver, const WaiverUse* use) {
  const bool broken = use != nullptr && use->state != "used";
  const auto item = page.element("li", {{"class", broken ? "waiver failed" : "waiver inconclusive"}});
  {
    const auto head = page.element("header");
    if (use == nullptr)
      write_chip(page, "–", "not judged", "skipped");
    else
      write_chip(page, broken ? "✗" : "~", use->state, broken ? "failed" : "inconclusive");
    page.leaf("strong", waiver.owner);
    page.leaf("span", fmt::format("in phase {}, written at {}", phase.name, waiver.source), {{"class", "dim"}});
  }
  const auto list = page.element("dl", {{"class", "facts"}});
  write_pair(page, "Reason", waiver.reason);
  write_pair(page, "Holds until", holds_until(waiver, phase),
             days_left(waiver, phase).value_or(-1) < 0 ? "bad" : "plain");
  write_pair(page, "Accepts", meant_findings(waiver));
  write_pair(page, "Hides", use == nullptr ? "not judged: its check did not run whole" : hidden_findings(*use));
}

void write_concession(Markup& page, const PhaseResult& phase, const Concession& concession) {
  const auto item = page.element("li", {{"class", "waiver inconclusive"}});
  const auto head = page.element("header");
  write_chip(page, "~", "allowed", "inconclusive");
  page.leaf("strong", concession.check);
  page.leaf("span",
            fmt::format("in phase {}{}: may be inconclusive; {}", phase.name,
                        concession.stage.empty() ? "" : ", " + concession.stage, concession.why),
            {{"class", "dim"}});
}

// The uses first, then those of the policy of which nothing could be said.
std::size_t write_waivers_of(Markup& page, const PhaseResult& phase) {
  std::size_t shown = 0;
  for (const auto& use : phase.waivers) {
    if (++shown <= waivers_shown) write_waiver(page, phase, use.waiver, &use);
  }
  for (const auto& waiver : phase.policy.waivers) {
    const bool judged = std::any_of(phase.waivers.begin(), phase.waivers.end(),
                                    [&](const WaiverUse& use) { return use.waiver == waiver; });
    if (!judged && !phase.entered_only && ++shown <= waivers_shown) write_waiver(page, phase, waiver, nullptr);
  }
  for (const auto& concession : phase.concessions) {
    if (concession.verdict == Verdict::inconclusive && ++shown <= waivers_shown)
      write_concession(page, phase, concession);
  }
  return shown;
}

bool has_waivers(const RunResult& run) {
  return std::any_of(run.phases.begin(), run.phases.end(), [](const PhaseResult& phase) {
    return !phase.waivers.empty() || !phase.concessions.empty() ||
           (!phase.entered_only && !phase.policy.waivers.empty());
  });
}

void write_weakened(Markup& page, const RunResult& run) {
  page.leaf("p",
            fmt::format("{} less strict than when the phase was last GO. Was that meant?",
                        run.weakened.size() == 1 ? "One rule is" : grouped(run.weakened.size()) + " rules are"),
            {{"class", "warning"}, {"role", "note"}});
  const auto scroll = page.element(
      "div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Weakened rules"}});
  const auto table = page.element("table");
  write_table_head(page, {"Rule", "Phase", "Was", "Now"});
  const auto body = page.element("tbody");
  for (const auto& [phase, rule, was, now] : run.weakened) {
    const auto row = page.element("tr");
    page.leaf("th", rule, {{"scope", "row"}});
    page.leaf("td", phase, {{"data-label", "Phase"}});
    page.leaf("td", was, {{"data-label", "Was"}});
    page.leaf("td", now, {{"data-label", "Now"}, {"class", "bad"}});
  }
}

}  // namespace

void write_gates(Markup& page, const RunResult& run) {
  const auto section = page.element("section", {{"aria-labelledby", "gates"}});
  page.leaf("h2", "Gates", {{"id", "gates"}});
  const bool any =
      std::any_of(run.phases.begin(), run.phases.end(), [](const PhaseResult& phase) { return !phase.entered_only; });
  if (!any) page.leaf("p", "No gate was asked.", {{"class", "dim"}});
  for (const auto& phase : run.phases) {
    if (!phase.entered_only) write_gate(page, run, phase);
  }
}

void write_waivers(Markup& page, const RunResult& run) {
  const auto section = page.element("section", {{"aria-labelledby", "waivers"}});
  page.leaf("h2", "Waivers", {{"id", "waivers"}});
  if (!has_waivers(run)) {
    page.leaf("p", "Nothing is waived, and no check is allowed to be inconclusive.", {{"class", "dim"}});
    return;
  }
  std::size_t left_out = 0;
  {
    const auto list = page.element("ul", {{"class", "waivers"}});
    for (const auto& phase : run.phases) {
      const std::size_t all = write_waivers_of(page, phase);
      left_out += all - std::min(all, waivers_shown);
    }
  }
  if (left_out > 0) page.leaf("p", fmt::format("{} more stand in report.json.", grouped(left_out)), {{"class", "dim"}});
}

void write_history(Markup& page, const RunResult& run) {
  const auto section = page.element("section", {{"aria-labelledby", "history"}});
  page.leaf("h2", "Since the last GO", {{"id", "history"}});
  if (!run.weakened.empty())
    write_weakened(page, run);
  else
    page.leaf("p",
              run.ledger.path.empty() ? "No ledger was asked, so nothing is known of an earlier GO."
                                      : "The ledger knows of no rule that was stricter at the last GO.",
              {{"class", "dim"}});
  const auto line = page.element("p", {{"class", run.ledger.problem.empty() ? "ledger" : "ledger bad"}});
  page.text(ledger_line(run.ledger));
}

}  // namespace sluice::reports
