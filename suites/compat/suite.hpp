#pragma once
#include <vector>

#include "harness/core/check.hpp"

namespace sluice::compat {

/// The check kinds of this suite.
std::vector<CheckKind> kinds();

}  // namespace sluice::compat
