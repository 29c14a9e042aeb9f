#pragma once
#include <vector>

#include "harness/core/check.hpp"
#include "harness/plan/node.hpp"

namespace sluice::plan {

/// Checks what one value alone cannot show: that names exist, needs have no cycle, references can be filled, checks
/// have their sides, and every phase has something to be judged by. Works on the tree as written; parts of the wrong
/// form are skipped, because normalise() has reported them.
void crosscheck(const Node& root, const std::vector<CheckKind>& kinds, Problems& problems);

}  // namespace sluice::plan
