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
  std::vector<WaiverUse> waivers;
  std::vector<Concession> concessions;  ///< where this is not empty, a GO is no plain one
};

/// A pure function of what the report says of the phase: its policy, its checks and actions, what did not run of it. GO
/// only if every required check ran, examined something and passed, its control was caught, every action succeeded, the
/// environment held and every minimum and limit was kept. A required check or action that failed, a limit that was
/// broken, a waiver that expired or hides nothing: NO-GO. Anything else: INCONCLUSIVE. Two things count as passed: a
/// failed check all of whose errors are waived, and an inconclusive one that the policy allows (see README.md).
GateDecision decide(const PhaseResult& phase, const std::vector<NotRun>& not_run);

/// Writes a decision into the phase that it was made for.
void record(GateDecision decision, PhaseResult& phase);

}  // namespace sluice::run
