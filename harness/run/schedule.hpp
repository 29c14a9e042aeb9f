#pragma once
#include <vector>

#include "harness/plan/plan.hpp"
#include "harness/run/runner.hpp"

namespace sluice::run {

/// A phase that a run comes to.
struct Planned {
  const plan::PhaseSpec* phase;  ///< of the plan
  bool entered_only;             ///< not asked for: a later phase needs it, so it is entered without checks
};

/// What will happen, in order: each phase that was asked for, after what it needs.
std::vector<Planned> schedule(const plan::Plan& plan, const RunOptions& options);

}  // namespace sluice::run
