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

std::string sentence(const PhaseResult& phase, const GateDecision& decision) {
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

void judge_actions(const PhaseResult& phase, GateDecision& decision) {
  const bool disturbed = phase.interrupted || !phase.environment_failure.empty();
  for (const auto& action : phase.actions) decision.rules.push_back(judge_action(action, disturbed));
  for (const auto& name : phase.policy.actions) {
    const bool ran = std::any_of(phase.actions.begin(), phase.actions.end(),
                                 [&](const ActionResult& action) { return action.name == name; });
    if (!ran) decision.rules.push_back(missing_action(name));
  }
}

// A check counts once for each stage that names it: having run before the step says nothing about after it.
void judge_checks(const PhaseResult& phase, const std::vector<NotRun>& not_run, GateDecision& decision) {
  for (const auto& [name, stage] : phase.policy.required) {
    const auto check = std::find_if(phase.checks.begin(), phase.checks.end(), [&](const CheckResult& result) {
      return result.name == name && result.stage == stage;
    });
    decision.rules.push_back(check == phase.checks.end() ? missing_check(name, not_run, phase.name)
                                                         : judge_check(*check, phase.policy.controls));
  }
}

}  // namespace

GatePolicy gate_policy(const plan::PhaseSpec& phase, const plan::Plan& plan, bool controls) {
  GatePolicy policy{.required = {},
                    .actions = phase.enter,
                    .coverage = phase.coverage,
                    .limits = phase.limits,
                    .allow_inconclusive = phase.allow_inconclusive,
                    .waivers = {},
                    .controls = controls};
  for (const auto& [stage, names] : phase.stages()) {
    for (const auto& name : names) {
      const auto* check = plan.check(name);
      if (check != nullptr && is_required(phase, *check)) policy.required.push_back({name, stage});
    }
  }
  for (const auto& waiver : plan.waivers) {
    const bool concerned =
        std::any_of(policy.required.begin(), policy.required.end(),
                    [&](const RequiredCheck& required) { return glob_matches(waiver.check, required.check); });
    if (concerned) policy.waivers.push_back(waiver);
  }
  return policy;
}

GateDecision decide(const PhaseResult& phase, const std::vector<NotRun>& not_run) {
  GateDecision decision;
  if (!phase.environment_failure.empty()) {
    decision.rules.push_back(undecided("environment holds", phase.environment_failure, "every service answers"));
  }
  judge_actions(phase, decision);
  judge_checks(phase, not_run, decision);
  if (phase.interrupted)
    decision.rules.push_back(undecided("whole phase", "the run was interrupted", "not interrupted"));
  if (phase.partial) {
    decision.rules.push_back(undecided("whole phase", "only some checks were selected, and a partial run opens no gate",
                                       "every check of the phase"));
  }
  if (phase.policy.required.empty()) {
    decision.rules.push_back(undecided("some check", "no check was required", "at least one"));
  }
  decision.decision = Decision::go;
  for (const auto& rule : decision.rules) decision.decision = worse(decision.decision, rule.decision);
  decision.deciding_rule = sentence(phase, decision);
  return decision;
}

}  // namespace sluice::run
