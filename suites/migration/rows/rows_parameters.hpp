#pragma once
#include <vector>

#include "harness/core/parameter_problems.hpp"
#include "harness/core/parameters.hpp"

namespace sluice::migration {

/// The parameters of `migration.rows`.
std::vector<ParameterSpec> rows_parameters();
/// What is wrong with them before a store is looked at.
void examine_rows(const Parameters& parameters, ParameterProblems& problems);

}  // namespace sluice::migration
