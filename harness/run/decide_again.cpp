#include "harness/run/decide_again.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "harness/core/errors.hpp"
#include "harness/run/conclusion.hpp"
#include "harness/run/gate.hpp"

namespace sluice::run {
namespace {

std::string decision_text(Decision decision, const std::string& rule) {
  return fmt::format("{}: {}", to_string(decision), rule);
}

std::string rule_text(const RuleResult& rule) {
  return fmt::format("rule \"{}\" is {}: observed {}; limit {}", rule.rule, to_string(rule.decision), rule.observed,
                     rule.limit);
}

std::string rule_text(const std::vector<RuleResult>& rules, std::size_t at) {
  return at < rules.size() ? rule_text(rules[at]) : fmt::format("there are {} rules", rules.size());
}

// Where the verdict is the same and yet a row of the page would lie.
std::optional<Disagreement> other_details(const PhaseResult& said, const PhaseResult& decided) {
  Disagreement disagreement{.what = "phase " + said.name, .said = {}, .decided = {}};
  if (said.rules != decided.rules) {
    const auto [left, right] =
        std::mismatch(said.rules.begin(), said.rules.end(), decided.rules.begin(), decided.rules.end());
    const auto at = static_cast<std::size_t>(left - said.rules.begin());
    disagreement.said = rule_text(said.rules, at);
    disagreement.decided = rule_text(decided.rules, at);
  } else if (said.waivers != decided.waivers) {
    disagreement.said = fmt::format("{} waivers at work", said.waivers.size());
    disagreement.decided = fmt::format("{} waivers at work, or others", decided.waivers.size());
  } else if (said.concessions != decided.concessions) {
    disagreement.said = fmt::format("{} checks that count as passed", said.concessions.size());
    disagreement.decided = fmt::format("{} checks that count as passed, or others", decided.concessions.size());
  } else {
    return std::nullopt;
  }
  return disagreement;
}

void decide_phase_again(PhaseResult& phase, const std::vector<NotRun>& not_run,
                        std::vector<Disagreement>& disagreements) {
  PhaseResult decided = phase;
  record(decide(phase, not_run), decided);
  const std::string said = decision_text(phase.decision, phase.deciding_rule);
  if (const auto now = decision_text(decided.decision, decided.deciding_rule); said != now)
    disagreements.push_back({"phase " + phase.name, said, now});
  else if (auto details = other_details(phase, decided))
    disagreements.push_back(std::move(*details));
  phase = std::move(decided);
}

bool judged(const RunResult& run, const std::string& phase) {
  return std::any_of(run.phases.begin(), run.phases.end(),
                     [&](const PhaseResult& p) { return p.name == phase && !p.entered_only; });
}

// Of two judgements that claim the same instant, the worse counts.
void keep_latest(const PhaseResult& phase, std::vector<PhaseResult>& latest) {
  const auto known =
      std::find_if(latest.begin(), latest.end(), [&](const PhaseResult& p) { return p.name == phase.name; });
  if (known == latest.end()) {
    latest.push_back(phase);
  } else if (phase.started > known->started ||
             (phase.started == known->started && worse(phase.decision, known->decision) != known->decision)) {
    *known = phase;
  }
}

// Whether anything of `run` still counts beside the others: then so does what befell its environment.
bool counts(const RunResult& run, const RunResult& combined) {
  if (run.phases.empty() && run.not_run.empty()) return true;
  const bool kept = std::any_of(run.phases.begin(), run.phases.end(), [&](const PhaseResult& phase) {
    return std::any_of(combined.phases.begin(), combined.phases.end(), [&](const PhaseResult& p) {
      return !phase.entered_only && p.name == phase.name && p.started == phase.started;
    });
  });
  return kept || std::any_of(run.not_run.begin(), run.not_run.end(), [&](const NotRun& entry) {
           return entry.what == "phase" && !judged(combined, entry.name);
         });
}

}  // namespace

std::vector<Disagreement> decide_again(RunResult& run) {
  std::vector<Disagreement> disagreements;
  for (auto& phase : run.phases) {
    if (!phase.entered_only) decide_phase_again(phase, run.not_run, disagreements);
  }
  const std::string said = decision_text(run.decision, run.deciding_rule);
  const int said_code = run.exit_code;
  conclude(run);
  const std::string decided = decision_text(run.decision, run.deciding_rule);
  // A signal's exit code says nothing of the evidence.
  const bool other_code = said_code != run.exit_code && run.interrupted.empty();
  if (said != decided || other_code) {
    disagreements.push_back({"run", fmt::format("{} (exit code {})", said, said_code),
                             fmt::format("{} (exit code {})", decided, run.exit_code)});
  }
  return disagreements;
}

RunResult combine(const std::vector<RunResult>& runs) {
  if (runs.empty()) throw InputError("there is no report to decide on");
  if (runs.size() == 1) return runs.front();
  RunResult combined{.plan_name = runs.front().plan_name};
  combined.identities = runs.front().identities;
  for (const auto& run : runs) {
    for (const auto& phase : run.phases) {
      if (!phase.entered_only) keep_latest(phase, combined.phases);
    }
  }
  for (const auto& run : runs) {
    for (const auto& entry : run.not_run) {
      if (entry.what == "phase" && !judged(combined, entry.name)) combined.not_run.push_back(entry);
    }
    if (combined.environment_failure.empty() && counts(run, combined))
      combined.environment_failure = run.environment_failure;
    if (!combined.ledger.missing() && counts(run, combined)) combined.ledger = run.ledger;
  }
  conclude(combined);
  return combined;
}

void demand(const std::vector<std::string>& phases, RunResult& run) {
  for (const auto& name : phases) {
    if (judged(run, name)) continue;
    const bool told = std::any_of(run.not_run.begin(), run.not_run.end(),
                                  [&](const NotRun& entry) { return entry.what == "phase" && entry.name == name; });
    if (!told) run.not_run.push_back({"phase", name, name, "no report judges it"});
  }
  conclude(run);
}

std::string plan_digest(const RunResult& run) {
  for (const auto& identity : run.identities) {
    if (identity.name == "plan") return identity.sha256;
  }
  return "";
}

}  // namespace sluice::run
