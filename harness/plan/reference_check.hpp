#pragma once
#include "harness/plan/node.hpp"

namespace sluice::plan {

/// Checks every `${...}` that the plan holds: that it is well written, that what it names exists and has that
/// attribute, and that no secret would stand on a command line.
void check_references(const Node& root, Problems& problems);

}  // namespace sluice::plan
