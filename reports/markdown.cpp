#include "reports/markdown.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "harness/core/parameters.hpp"
#include "reports/difference.hpp"
#include "reports/escape.hpp"
#include "reports/summary.hpp"

namespace sluice::reports {
namespace {

// How much goes into one summary; the levels that are tried, richest first.
struct Level {
  std::size_t findings = 0;  ///< per check
  bool passed_checks = true;
  bool checks = true;
};
constexpr Level levels[] = {{10, true, true}, {3, true, true}, {0, true, true}, {0, false, true}, {0, false, false}};

constexpr std::size_t cell_limit = 300;
constexpr std::size_t rows_max = 2000;

std::string cell(std::string_view text, std::size_t limit = cell_limit) { return markdown_text(clipped(text, limit)); }

std::string code_cell(std::string_view text, std::size_t limit = cell_limit) {
  return "<code>" + cell(text, limit) + "</code>";
}

// A value; blanks that a page would swallow show as dots.
std::string value_cell(std::string_view value) {
  std::string visible;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool swallowed =
        value[i] == ' ' && (i == 0 || i + 1 == value.size() || value[i - 1] == ' ' || value[i + 1] == ' ');
    visible += swallowed ? "·" : value.substr(i, 1);
  }
  return value.empty() ? "(empty text)" : "<code>" + markdown_text(visible) + "</code>";
}

// A fence longer than any run of backticks inside; the content is one line, so nothing else can end the block.
std::string code_block(std::string_view command) {
  const std::string content = clipped(terminal_text(command), 2000);
  std::size_t longest = 0;
  for (std::size_t i = 0, run = 0; i < content.size(); ++i) {
    run = content[i] == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(std::max<std::size_t>(3, longest + 1), '`');
  return fmt::format("{}sh\n{}\n{}\n", fence, content, fence);
}

std::string_view sign(Decision decision) {
  if (decision == Decision::go) return "🟢";
  return decision == Decision::no_go ? "🔴" : "🟡";
}

// A GO that puts up with something is not green.
std::string_view sign(const RunResult& run) {
  return headline(run) == to_string(run.decision) ? sign(run.decision) : sign(Decision::inconclusive);
}

std::string head(const RunResult& run) {
  std::string out = fmt::format("## {} {}: {}\n\n**{}**\n\n", sign(run), headline(run), cell(run.plan_name),
                                cell(run.deciding_rule, 1000));
  if (!run.controls_enabled) out += "> ⚠️ **Controls are off**: no pass of this run was proved able to fail.\n\n";
  if (!run.interrupted.empty()) out += fmt::format("> ⚠️ **Interrupted** by {}.\n\n", cell(run.interrupted));
  out += fmt::format("{} · took {} · seed {} · run {}\n\n", human_time(run.started), human_duration(run.duration),
                     run.seed, code_cell(run.run_id));
  return out;
}

std::string suites(const RunResult& run) {
  std::string out =
      "| suite | ran | failed | waived | inconclusive | errored | not run |\n|---|--:|--:|--:|--:|--:|--:|\n";
  const auto counts = count_suites(run);
  for (std::size_t i = 0; i < std::min<std::size_t>(counts.size(), 20); ++i)
    out += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", cell(counts[i].suite, 60), counts[i].ran(),
                       counts[i].failed - counts[i].waived, counts[i].waived, counts[i].inconclusive, counts[i].errored,
                       counts[i].not_run);
  return out + "\n";
}

std::string rules(const PhaseResult& phase) {
  if (phase.rules.empty()) return "";
  std::string out = "| rule | decision | observed | limit | samples |\n|---|---|---|---|--:|\n";
  for (const auto& rule : phase.rules) {
    const bool conceded = is_conceded(phase, rule);
    out += fmt::format("| {} | {} {}{} | {} | {} | {} |\n", cell(rule.rule),
                       sign(conceded ? Decision::inconclusive : rule.decision), to_string(rule.decision),
                       conceded ? ", conceded" : "", cell(rule.observed), cell(rule.limit),
                       rule.samples ? grouped(*rule.samples) : "");
  }
  return out + "\n";
}

std::string finding_text(const Finding& finding) {
  std::string out =
      fmt::format("- {} **{}** {}", to_string(finding.severity), cell(finding.rule, 100), cell(finding.summary));
  if (finding.occurrences > 1) out += fmt::format(" (×{})", grouped(finding.occurrences));
  const std::string where = location(finding);
  if (!where.empty()) out += fmt::format("<br>{}", cell(where, 500));
  const auto [old_value, new_value] = excerpts(finding.old_value, finding.new_value, cell_limit);
  if (old_value) out += "<br>old " + value_cell(*old_value);
  if (new_value) out += "<br>new " + value_cell(*new_value);
  return out + "\n";
}

std::string findings(const CheckResult& check, const Level& level) {
  if (check.outcome.verdict == Verdict::passed || check.outcome.verdict == Verdict::skipped) return "";
  std::string out;
  const std::size_t shown = std::min(check.outcome.findings.size(), level.findings);
  for (std::size_t i = 0; i < shown; ++i) out += finding_text(check.outcome.findings[i]);
  if (shown != 0 && check.outcome.findings_total > shown)
    out += fmt::format("- … and {} more, see the report\n", grouped(check.outcome.findings_total - shown));
  if (!check.reproduce.empty() && level.findings != 0) out += (out.empty() ? "" : "\n") + code_block(check.reproduce);
  if (out.empty()) return "";
  const std::string count =
      check.outcome.findings_total == 0 ? "" : ": " + counted(check.outcome.findings_total, "finding");
  return fmt::format("<details open><summary>{} {}{}</summary>\n\n{}\n</details>\n\n", to_string(check.outcome.verdict),
                     cell(check.name), count, out);
}

std::string_view concession_word(const PhaseResult& phase, const CheckResult& check) {
  if (concession_for(phase, check) == nullptr) return "";
  return check.outcome.verdict == Verdict::failed ? ", waived" : ", allowed";
}

std::string checks(const PhaseResult& phase, const Level& level) {
  std::string rows;
  for (const auto& check : phase.checks) {
    if (!level.passed_checks && check.outcome.verdict == Verdict::passed) continue;
    rows += fmt::format("| {} {}{} | {} | {} | {} | {} |\n", mark(check.outcome.verdict),
                        to_string(check.outcome.verdict), concession_word(phase, check),
                        cell(check.stage.empty() ? check.name : check.name + " (" + check.stage + ")"),
                        cell(check.kind), cell(check.outcome.reason), human_duration(check.duration));
  }
  if (rows.empty()) return "";
  std::string out = "| verdict | check | kind | why | took |\n|---|---|---|---|--:|\n" + rows + "\n";
  for (const auto& check : phase.checks) out += findings(check, level);
  return out;
}

std::string phases(const RunResult& run, const Level& level) {
  std::string out;
  for (const auto& phase : run.phases) {
    out += phase.entered_only ? fmt::format("### {}: entered only\n\n", cell(phase.name))
                              : fmt::format("### {} {}: {}\n\n{}\n\n", sign(phase.decision), cell(phase.name),
                                            headline(phase), cell(phase.deciding_rule, 1000));
    out += rules(phase);
    for (const auto& action : phase.actions) {
      if (!action.succeeded) out += fmt::format("- ✗ action {}: {}\n\n", cell(action.name), cell(action.outcome));
      if (action.left_running)
        out += fmt::format("- action {}, left running: {}\n\n", cell(action.name), cell(*action.left_running));
    }
    if (level.checks) out += checks(phase, level);
  }
  return out;
}

std::string waivers(const RunResult& run) {
  std::string rows;
  std::size_t shown = 0;
  for (const auto& phase : run.phases) {
    for (const auto& [waiver, state, hidden, hides] : phase.waivers) {
      if (++shown > rows_max) break;
      const auto left = days_left(waiver, phase);
      const bool expired = !left || *left < 0;
      rows += fmt::format("| {} {} | {} | {} | {}{} | {} | {} | {} |\n",
                          sign(state == "used" ? Decision::inconclusive : Decision::no_go), cell(state),
                          cell(phase.name), cell(waiver.owner), cell(waiver.expires),
                          expired ? "" : fmt::format(" ({} left)", counted(static_cast<std::uint64_t>(*left), "day")),
                          counted(hidden, "finding"), cell(waiver.reason), code_cell(waiver.source));
    }
    for (const auto& concession : phase.concessions) {
      if (concession.verdict != Verdict::inconclusive || ++shown > rows_max) continue;
      rows += fmt::format("| {} allowed | {} |  |  | {} may be inconclusive | {} |  |\n", sign(Decision::inconclusive),
                          cell(phase.name), cell(concession.check), cell(concession.why));
    }
  }
  if (rows.empty()) return "";
  return "### Waivers\n\n| state | phase | owner | expires | hides | reason | place "
         "|\n|---|---|---|---|---|---|---|\n" +
         rows + "\n";
}

std::string history(const RunResult& run) {
  std::string out;
  for (std::size_t i = 0; i < std::min(run.weakened.size(), rows_max); ++i) {
    const auto& [phase, rule, was, now] = run.weakened[i];
    out += fmt::format("- ⚠️ weakened since the last GO: {} of phase {}: was {}, is {}\n", cell(rule), cell(phase),
                       cell(was), cell(now));
  }
  for (const auto& phase : run.phases) {
    if (phase.rollback)
      out += fmt::format("- {} phase {} was rolled back by {}: {}, {}\n", in_time(*phase.rollback) ? "✓" : "✗",
                         cell(phase.name), cell(phase.rollback->name), cell(phase.rollback->outcome),
                         window_text(*phase.rollback));
    for (const auto& evidence : phase.evidence)
      out += fmt::format("- phase {} stands on phase {}: GO in run {}, {}\n", cell(phase.name), cell(evidence.phase),
                         code_cell(evidence.run_id), human_time(evidence.at));
  }
  if (!run.ledger.path.empty() || !run.ledger.problem.empty())
    out += fmt::format("- {}\n", cell(ledger_line(run.ledger)));
  return out.empty() ? "" : "### History\n\n" + out + "\n";
}

std::string services(const RunResult& run) {
  std::string out;
  for (const auto& service : run.services) {
    if (!service.detail.empty())
      out += fmt::format("- ✗ service {}, {}: {}\n", cell(service.name), cell(service.state), cell(service.detail));
  }
  return out.empty() ? "" : "### Services\n\n" + out + "\n";
}

std::string not_run(const RunResult& run) {
  const auto absent = everything_not_run(run);
  if (absent.empty()) return "";
  std::string out = "### Not run\n\n| what | name | phase | why |\n|---|---|---|---|\n";
  for (std::size_t i = 0; i < std::min(absent.size(), rows_max); ++i)
    out += fmt::format("| {} | {} | {} | {} |\n", cell(absent[i].what), cell(absent[i].name), cell(absent[i].phase),
                       cell(absent[i].why));
  if (absent.size() > rows_max) out += fmt::format("\n… and {} more\n", grouped(absent.size() - rows_max));
  return out + "\n";
}

std::string again(const RunResult& run) {
  return run.command.empty() ? "" : "### Run it again\n\n" + code_block(run.command);
}

std::string note(const Level& level) {
  if (level.findings == levels[0].findings) return "";
  return fmt::format("> This summary was cut to fit; {}. The whole is in report.html and report.json.\n\n",
                     !level.checks          ? "checks are left out"
                     : !level.passed_checks ? "findings and passed checks are left out"
                                            : "findings are left out");
}

}  // namespace

std::string markdown(const RunResult& run, std::size_t bytes_max) {
  for (const auto& level : levels) {
    std::string out = head(run) + note(level) + suites(run) + waivers(run) + history(run) + phases(run, level) +
                      services(run) + not_run(run) + again(run);
    if (out.size() <= bytes_max) return out;
  }
  return head(run) + "> This summary was cut to its head. The whole is in report.html and report.json.\n";
}

}  // namespace sluice::reports
