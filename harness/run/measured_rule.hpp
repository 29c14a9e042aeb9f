#pragma once
#include <string>
#include <vector>

#include "harness/core/result.hpp"

namespace sluice::run {

/// One rule for every minimum of the policy and every result of its check. Less than the minimum: INCONCLUSIVE.
std::vector<RuleResult> judge_coverage(const PhaseResult& phase);

/// One rule for every limit of the policy and every result of its check. Outside: NO-GO; on the bound is inside. A
/// metric that is absent, is no finite number or rests on no sample: INCONCLUSIVE.
std::vector<RuleResult> judge_limits(const PhaseResult& phase);

/// What the check is about first, "20001 rows": the gate counts the first entry of its coverage.
std::uint64_t examined(const Outcome& outcome);

/// `value` with as few digits as tell it apart from every one of `bounds` that it differs from, and on the right side
/// of it; at least four.
std::string distinct_number(double value, const std::vector<double>& bounds);

}  // namespace sluice::run
