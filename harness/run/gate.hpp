#pragma once
#include <string>
#include <vector>

#include "harness/core/result.hpp"
#include "harness/plan/plan.hpp"

namespace sluice::run {

/// What a phase's gate decides on.
struct GateEvidence {
  const std::vector<CheckResult>& checks;
  const std::vector<ActionResult>& actions;
  const std::vector<NotRun>& not_run;  ///< of the whole run; the gate takes those of its phase
  std::string environment_failure;     ///< "service v2 died: killed by signal 9"; empty when there was none
  bool interrupted = false;            ///< the run was told to stop
  bool controls_enabled = true;
  bool partial = false;  ///< only some checks were selected: such a run opens no gate
};

struct GateDecision {
  Decision decision = Decision::inconclusive;
  std::string deciding_rule;  ///< one sentence
  std::vector<RuleResult> rules;
};

/// A pure function of the evidence. GO only if every required check ran, examined something and passed, its control was
/// caught, every action succeeded and the environment held. Any required check or action that failed: NO-GO. Anything
/// else: INCONCLUSIVE.
GateDecision decide(const plan::PhaseSpec& phase, const plan::Plan& plan, const GateEvidence& evidence);

}  // namespace sluice::run
