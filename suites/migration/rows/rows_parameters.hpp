#pragma once
#include <vector>

#include "harness/core/parameters.hpp"

namespace sluice::migration {

/// The parameters of `migration.rows`.
std::vector<ParameterSpec> rows_parameters();

}  // namespace sluice::migration
