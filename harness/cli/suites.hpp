#pragma once
#include <vector>

#include "harness/core/check.hpp"

namespace sluice::cli {

/// Every check kind of every suite: the one place that knows them all.
std::vector<CheckKind> all_kinds();

}  // namespace sluice::cli
