#pragma once
#include <string>

#include "harness/scenario/player.hpp"
#include "suites/compat/value_diff.hpp"

namespace sluice::compat {

/// Notes in `learner` where two answers of the old side to the same step disagree in value.
void learn_exchange(const CompareRules& rules, const scenario::Exchange& first, const scenario::Exchange& again,
                    NoiseLearner& learner);

/// Compares the new side's answer with the old side's two; all three must have come. Differences collect in `diff`.
void compare_exchange(const CompareRules& rules, const scenario::Exchange& first, const scenario::Exchange& again,
                      const scenario::Exchange& candidate, ValueDiff& diff);

}  // namespace sluice::compat
