#pragma once
#include <vector>

#include "harness/core/parameters.hpp"

namespace sluice::migration {

/// What a check of the kind `migration.live_writes` may be told.
std::vector<ParameterSpec> live_writes_parameters();

}  // namespace sluice::migration
