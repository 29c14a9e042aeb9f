#pragma once
#include <vector>

#include "harness/core/check.hpp"

namespace sluice::load {

/// All kinds of this suite.
std::vector<CheckKind> kinds();

}  // namespace sluice::load
