#include "harness/run/gate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/core/glob.hpp"

namespace sluice::run {
namespace {

bool is_required(const plan::PhaseSpec& phase, const plan::CheckSpec& check) {
  return std::any_of(phase.require.begin(), phase.require.end(), [&](const std::string& rule) {
    return rule == "all" || glob_matches(rule, check.name) || glob_matches(rule, check.kind.name) ||
           glob_matches(rule, check.kind.suite());
  });
}

// The first entry is what the check is about (rows, exchanges, trials); the others say it in other units.
std::uint64_t examined(const Outcome& outcome) {
  return outcome.coverage.empty() ? 0 : outcome.coverage.front().examined;
}

RuleResult judge_check(const CheckResult& check, bool controls_enabled) {
  const Outcome& outcome = check.outcome;
  RuleResult rule{.rule = "require " + check.name,
                  .decision = Decision::inconclusive,
                  .observed = fmt::format("{}: {}", to_string(outcome.verdict), outcome.reason),
                  .limit = "passed, control caught",
                  .samples = examined(outcome),
                  .explanation = fmt::format("{} {}: {}", check.name, to_string(outcome.verdict), outcome.reason)};
  if (outcome.verdict == Verdict::failed) {
    rule.decision = Decision::no_go;
  } else if (outcome.verdict == Verdict::passed) {
    const bool control_caught = outcome.control && outcome.control->caught;
    if (*rule.samples == 0) {
      rule.explanation = fmt::format("{} passed without having examined anything", check.name);
    } else if (controls_enabled && !control_caught) {
      rule.explanation = fmt::format("{} passed, but no control showed that it can fail", check.name);
    } else {
      rule.decision = Decision::go;
      rule.explanation.clear();  // what was observed says it all
    }
  }
  return rule;
}

RuleResult missing_action(const std::string& name) {
  return {.rule = "action " + name,
          .decision = Decision::inconclusive,
          .observed = "not run",
          .limit = "exit code 0",
          .samples = std::nullopt,
          .explanation = fmt::format("action {} did not run", name)};
}

RuleResult missing_check(const std::string& name, const std::vector<NotRun>& not_run, const std::string& phase) {
  std::string why = "it did not run";
  for (const auto& entry : not_run) {
    if (entry.what == "check" && entry.name == name && entry.phase == phase) why = entry.why;
  }
  return {.rule = "require " + name,
          .decision = Decision::inconclusive,
          .observed = "not run: " + why,
          .limit = "passed, control caught",
          .samples = 0,
          .explanation = fmt::format("{} did not run: {}", name, why)};
}

// An action that was cut short by us, or that lost a service it works on, says nothing about the migration.
RuleResult judge_action(const ActionResult& action, bool disturbed) {
  return {.rule = "action " + action.name,
          .decision = action.succeeded ? Decision::go
                      : disturbed      ? Decision::inconclusive
                                       : Decision::no_go,
          .observed = action.outcome,
          .limit = "exit code 0",
          .samples = std::nullopt,
          .explanation = action.succeeded ? "" : fmt::format("action {}: {}", action.name, action.outcome)};
}

std::string sentence(const plan::PhaseSpec& phase, const GateDecision& decision) {
  if (decision.decision == Decision::go) {
    const auto checks = std::count_if(decision.rules.begin(), decision.rules.end(),
                                      [](const RuleResult& rule) { return rule.rule.starts_with("require "); });
    return fmt::format("phase {}: {} of {} required checks passed", phase.name, checks, checks);
  }
  const auto deciding = std::find_if(decision.rules.begin(), decision.rules.end(),
                                     [&](const RuleResult& rule) { return rule.decision == decision.decision; });
  return fmt::format("phase {}: {}", phase.name, deciding->explanation);
}

}  // namespace

namespace {

RuleResult undecided(std::string rule, std::string observed, std::string limit) {
  return {.rule = std::move(rule),
          .decision = Decision::inconclusive,
          .observed = observed,
          .limit = std::move(limit),
          .samples = std::nullopt,
          .explanation = std::move(observed)};
}

void judge_actions(const plan::PhaseSpec& phase, const GateEvidence& evidence, GateDecision& decision) {
  const bool disturbed = evidence.interrupted || !evidence.environment_failure.empty();
  for (const auto& action : evidence.actions) decision.rules.push_back(judge_action(action, disturbed));
  for (const auto& name : phase.enter) {
    const bool ran = std::any_of(evidence.actions.begin(), evidence.actions.end(),
                                 [&](const ActionResult& action) { return action.name == name; });
    if (!ran) decision.rules.push_back(missing_action(name));
  }
}

// A check counts once for each stage that names it: having run before the step says nothing about after it.
std::size_t judge_checks(const plan::PhaseSpec& phase, const plan::Plan& plan, const GateEvidence& evidence,
                         GateDecision& decision) {
  std::size_t required = 0;
  for (const auto& [stage, names] : phase.stages()) {
    for (const auto& name : names) {
      const auto* spec = plan.check(name);
      if (spec == nullptr || !is_required(phase, *spec)) continue;
      ++required;
      const auto check = std::find_if(evidence.checks.begin(), evidence.checks.end(), [&](const CheckResult& result) {
        return result.name == name && result.stage == stage;
      });
      decision.rules.push_back(check == evidence.checks.end() ? missing_check(name, evidence.not_run, phase.name)
                                                              : judge_check(*check, evidence.controls_enabled));
    }
  }
  return required;
}

}  // namespace

GateDecision decide(const plan::PhaseSpec& phase, const plan::Plan& plan, const GateEvidence& evidence) {
  GateDecision decision;
  if (!evidence.environment_failure.empty()) {
    decision.rules.push_back(undecided("environment holds", evidence.environment_failure, "every service answers"));
  }
  judge_actions(phase, evidence, decision);
  const std::size_t required = judge_checks(phase, plan, evidence, decision);
  if (evidence.interrupted)
    decision.rules.push_back(undecided("whole phase", "the run was interrupted", "not interrupted"));
  if (evidence.partial) {
    decision.rules.push_back(undecided("whole phase", "only some checks were selected, and a partial run opens no gate",
                                       "every check of the phase"));
  }
  if (required == 0) decision.rules.push_back(undecided("some check", "no check was required", "at least one"));
  decision.decision = Decision::go;
  for (const auto& rule : decision.rules) decision.decision = worse(decision.decision, rule.decision);
  decision.deciding_rule = sentence(phase, decision);
  return decision;
}

}  // namespace sluice::run
