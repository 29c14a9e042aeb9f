#pragma once
#include <vector>

#include "harness/core/check.hpp"

namespace sluice::isolation {

/// The kinds of this suite.
std::vector<CheckKind> kinds();

}  // namespace sluice::isolation
