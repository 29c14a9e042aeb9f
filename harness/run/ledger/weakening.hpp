#pragma once
#include <vector>

#include "harness/core/result.hpp"
#include "harness/plan/plan.hpp"
#include "harness/run/ledger/history.hpp"

namespace sluice::ledger {

/// What a judged phase demands less of than `then` did, and which parameters of its checks are not what they were.
/// Parameters that only got stricter are not listed; those of which nobody knows are listed as changed.
std::vector<Weakening> weakened_since(const RecordedPhase& then, const PhaseResult& now, const plan::Plan& plan);

/// Every judged phase of the run against its last GO in the history.
std::vector<Weakening> weakened(const History& history, const RunResult& result, const plan::Plan& plan);

}  // namespace sluice::ledger
