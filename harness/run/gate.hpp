#pragma once
#include <string>
#include <vector>

#include "harness/core/result.hpp"
#include "harness/plan/plan.hpp"

namespace sluice::run {

/// What the gate of `phase` demands, with globs resolved to the checks of the plan.
GatePolicy gate_policy(const plan::PhaseSpec& phase, const plan::Plan& plan, bool controls);

struct GateDecision {
  Decision decision = Decision::inconclusive;
  std::string deciding_rule;  ///< one sentence
  std::vector<RuleResult> rules;
};

/// A pure function of what the report says of the phase: its policy, its checks and actions, what did not run of it. GO
/// only if every required check ran, examined something and passed, its control was caught, every action succeeded and
/// the environment held. Any required check or action that failed: NO-GO. Anything else: INCONCLUSIVE.
GateDecision decide(const PhaseResult& phase, const std::vector<NotRun>& not_run);

}  // namespace sluice::run
