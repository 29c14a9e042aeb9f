#pragma once
#include "harness/core/result.hpp"

namespace sluice::run {

/// Sets the run's decision, deciding rule and exit code from its phases, what did not run and how the environment
/// held. A pure function of the rest of the result, so that a report can be decided again.
void conclude(RunResult& result);

}  // namespace sluice::run
