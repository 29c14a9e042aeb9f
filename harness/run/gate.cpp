#include "harness/run/gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "harness/core/glob.hpp"

namespace sluice::run {
namespace {

bool is_required(const plan::PhaseSpec& phase, const plan::CheckSpec& check) {
  return std::any_of(phase.require.begin(), phase.require.end(), [&](const std::string& rule) {
    return rule == "all" || glob_matches(rule, check.name) || glob_matches(rule, check.kind.name) ||
           glob_matches(rule, check.kind.suite());
  });
}

std::uint64_t examined(const Outcome& outcome) {
  std::uint64_t total = 0;
  for (const auto& coverage : outcome.coverage) total += coverage.examined;
  return total;
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
    if (*rule.samples == 0)
      rule.explanation = fmt::format("{} passed without having examined anything", check.name);
    else if (controls_enabled && !control_caught)
      rule.explanation = fmt::format("{} passed, but no control showed that it can fail", check.name);
    else
      rule.decision = Decision::go;
  }
  return rule;
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
          .explanation = fmt::format("action {}: {}", action.name, action.outcome)};
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

GateDecision decide(const plan::PhaseSpec& phase, const plan::Plan& plan, const GateEvidence& evidence) {
  GateDecision decision;
  if (!evidence.environment_failure.empty()) {
    decision.rules.push_back({.rule = "environment holds",
                              .decision = Decision::inconclusive,
                              .observed = evidence.environment_failure,
                              .limit = "every service answers",
                              .samples = std::nullopt,
                              .explanation = evidence.environment_failure});
  }
  for (const auto& action : evidence.actions) {
    decision.rules.push_back(judge_action(action, evidence.interrupted || !evidence.environment_failure.empty()));
  }
  std::set<std::string> judged;
  for (const auto& name : phase.checks()) {
    const auto* spec = plan.check(name);
    if (spec == nullptr || !is_required(phase, *spec) || !judged.insert(name).second) continue;
    bool ran = false;
    for (const auto& check : evidence.checks) {  // a check may stand in several stages: each time counts
      if (check.name != name) continue;
      ran = true;
      decision.rules.push_back(judge_check(check, evidence.controls_enabled));
    }
    if (!ran) decision.rules.push_back(missing_check(name, evidence.not_run, phase.name));
  }
  if (evidence.partial) {
    decision.rules.push_back({.rule = "whole phase",
                              .decision = Decision::inconclusive,
                              .observed = "only some checks were selected",
                              .limit = "every check of the phase",
                              .samples = std::nullopt,
                              .explanation = "only some checks were selected, and a partial run opens no gate"});
  }
  decision.decision = judged.empty() ? Decision::inconclusive : Decision::go;
  for (const auto& rule : decision.rules) decision.decision = worse(decision.decision, rule.decision);
  if (judged.empty()) {
    decision.deciding_rule = fmt::format("phase {}: no check was required", phase.name);
  } else {
    decision.deciding_rule = sentence(phase, decision);
  }
  return decision;
}

}  // namespace sluice::run
