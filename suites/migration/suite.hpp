#pragma once
#include <vector>

#include "harness/core/check.hpp"

namespace sluice::migration {

/// All kinds of this suite.
std::vector<CheckKind> kinds();

}  // namespace sluice::migration
