#include "harness/run/gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "harness/core/glob.hpp"
#include "harness/core/printable.hpp"
#include "harness/run/measured_rule.hpp"
#include "harness/run/waiver.hpp"

namespace sluice::run {
namespace {

bool is_required(const plan::PhaseSpec& phase, const plan::CheckSpec& check) {
  return std::any_of(phase.require.begin(), phase.require.end(), [&](const std::string& rule) {
    return rule == "all" || glob_matches(rule, check.name) || glob_matches(rule, check.kind.name) ||
           glob_matches(rule, check.kind.suite());
  });
}

std::string names_of(const std::vector<const Waiver*>& waivers) {
  std::string text;
  for (const Waiver* waiver : waivers) text += (text.empty() ? "" : ", ") + to_string(*waiver);
  return text;
}

bool has_sample(const CheckResult& check) {
  const auto parameters = nlohmann::json::parse(check.parameters, nullptr, false);
  return parameters.is_object() && parameters.contains("sample");
}

// Nobody can tell what those are that the report does not list, so nothing that is written down covers them.
std::string unlisted_text(const CheckResult& check, const Cover& cover) {
  const std::size_t listed = check.outcome.findings.size();
  const std::uint64_t total = check.outcome.findings_total;
  if (total < listed)
    return fmt::format("it lists {} and counts {}, so its report contradicts itself", counted(listed, "finding"),
                       total);
  return fmt::format(
      "{} of its {} {} not listed, and a waiver covers only what is listed: mend what they show{}, or narrow the check "
      "to what should hold",
      cover.unlisted, counted(total, "finding"), cover.unlisted == 1 ? "is" : "are",
      has_sample(check) ? fmt::format(", have {} list them by `sample: {}` as far as its kind goes", check.name, total)
                        : "");
}

// What keeps the waivers from covering a failed check; empty when none of them has to do with it.
std::string why_not_waived(const CheckResult& check, const Cover& cover) {
  if (cover.by.empty() && cover.lapsed.empty()) return "";
  std::string text;
  if (!cover.uncovered.empty()) {
    const Finding& first = *cover.uncovered.front();
    text += fmt::format("; {} of its {} waived, not {} ({})", cover.covered, counted(cover.errors, "error"), first.rule,
                        to_string(first.severity));
    if (cover.uncovered.size() > 1) text += fmt::format(" and {} more", cover.uncovered.size() - 1);
  }
  if (!cover.lapsed.empty()) text += "; expired: the waiver of " + names_of(cover.lapsed);
  if (cover.unlisted > 0) text += "; " + unlisted_text(check, cover);
  return text;
}

void concede(RuleResult& rule, Concession concession, GateDecision& decision) {
  rule.decision = Decision::go;
  rule.explanation = fmt::format("{} {}, and counts as passed: {}", concession.check,
                                 concession.verdict == Verdict::failed ? "failed" : "is inconclusive", concession.why);
  decision.concessions.push_back(std::move(concession));
}

void judge_failed(const PhaseWaivers& waivers, const CheckResult& check, RuleResult& rule, GateDecision& decision) {
  const Cover cover = waivers.cover(check);
  if (cover.whole() && *rule.samples > 0) {
    const std::string who = names_of(cover.by);
    const std::string all = cover.errors == 1 ? "its one error is" : fmt::format("its {} errors are", cover.errors);
    rule.observed += fmt::format("; {} waived", all);
    concede(rule, {check.name, check.stage, Verdict::failed, cover.errors, fmt::format("{} waived by {}", all, who)},
            decision);
    return;
  }
  rule.decision = Decision::no_go;
  rule.explanation += cover.whole() ? "; it is waived, but it examined nothing" : why_not_waived(check, cover);
}

// Too few samples can be put up with. A check that is blind here cannot: it would keep its gate open for good.
void judge_inconclusive(const GatePolicy& policy, const CheckResult& check, RuleResult& rule, GateDecision& decision) {
  const auto& allowed = policy.allow_inconclusive;
  if (std::find(allowed.begin(), allowed.end(), check.name) == allowed.end()) return;
  if (check.outcome.control && !check.outcome.control->caught) {
    rule.explanation += "; the plan allows it to be inconclusive, but not to miss its control";
  } else if (*rule.samples == 0) {
    rule.explanation += "; the plan allows it to be inconclusive, but not to examine nothing";
  } else {
    rule.observed += "; allowed";
    concede(rule,
            {check.name, check.stage, Verdict::inconclusive, 0,
             "the plan's allow_inconclusive names it; it is no proof either way"},
            decision);
  }
}

void judge_check(const PhaseResult& phase, const PhaseWaivers& waivers, const CheckResult& check,
                 GateDecision& decision) {
  const Outcome& outcome = check.outcome;
  RuleResult rule{.rule = "require " + check.name,
                  .decision = Decision::inconclusive,
                  .observed = fmt::format("{}: {}", to_string(outcome.verdict), outcome.reason),
                  .limit = "passed, control caught",
                  .samples = examined(outcome),
                  .explanation = fmt::format("{} {}: {}", check.name, to_string(outcome.verdict), outcome.reason)};
  if (outcome.verdict == Verdict::failed) {
    judge_failed(waivers, check, rule, decision);
  } else if (outcome.verdict == Verdict::inconclusive) {
    judge_inconclusive(phase.policy, check, rule, decision);
  } else if (outcome.verdict == Verdict::passed) {
    const bool control_caught = outcome.control && outcome.control->caught;
    if (*rule.samples == 0) {
      rule.explanation = fmt::format("{} passed without having examined anything", check.name);
    } else if (phase.policy.controls && !control_caught) {
      rule.explanation = fmt::format("{} passed, but no control showed that it can fail", check.name);
    } else {
      rule.decision = Decision::go;
      rule.explanation.clear();  // what was observed says it all
    }
  }
  decision.rules.push_back(std::move(rule));
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
  if (decision.decision != Decision::go) {
    const auto deciding = std::find_if(decision.rules.begin(), decision.rules.end(),
                                       [&](const RuleResult& rule) { return rule.decision == decision.decision; });
    return fmt::format("phase {}: {}", phase.name, deciding->explanation);
  }
  const std::size_t required = phase.policy.required.size();
  std::string text = fmt::format("phase {}: {} of {} required checks passed", phase.name,
                                 required - std::min(required, decision.concessions.size()), required);
  for (const auto& concession : decision.concessions) {
    text += fmt::format("; {} {}, but {}", concession.check,
                        concession.verdict == Verdict::failed ? "failed" : "is inconclusive", concession.why);
  }
  return text;
}

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
void judge_checks(const PhaseResult& phase, const std::vector<NotRun>& not_run, const PhaseWaivers& waivers,
                  GateDecision& decision) {
  for (const auto& required : phase.policy.required) {
    const auto results = results_of(phase, required);
    if (results.empty()) decision.rules.push_back(missing_check(required.check, not_run, phase.name));
    for (const CheckResult* check : results) judge_check(phase, waivers, *check, decision);
  }
}

void append(std::vector<RuleResult>& rules, std::vector<RuleResult> more) {
  std::move(more.begin(), more.end(), std::back_inserter(rules));
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
        glob_matches(waiver.phase, phase.name) &&
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
  const PhaseWaivers waivers(phase);
  judge_actions(phase, decision);
  judge_checks(phase, not_run, waivers, decision);
  append(decision.rules, judge_coverage(phase));
  append(decision.rules, judge_limits(phase));
  decision.waivers = waivers.uses();
  append(decision.rules, judge_waivers(phase, decision.waivers));
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

void record(GateDecision decision, PhaseResult& phase) {
  phase.decision = decision.decision;
  phase.deciding_rule = std::move(decision.deciding_rule);
  phase.rules = std::move(decision.rules);
  phase.waivers = std::move(decision.waivers);
  phase.concessions = std::move(decision.concessions);
}

}  // namespace sluice::run
