#pragma once
#include <filesystem>
#include <vector>

#include "harness/core/check.hpp"
#include "harness/plan/node.hpp"

namespace sluice::plan {

/// Looks up what the parameters of checks name (see Names) and has every kind examine the parameters of its checks
/// (CheckKind::examine). `directory` is the plan's. A check whose parameters have mistakes of form is not examined.
/// What is wrong goes to `problems` with its place.
void examine_checks(const Node& root, const std::vector<CheckKind>& kinds, const std::filesystem::path& directory,
                    Problems& problems);

}  // namespace sluice::plan
