#pragma once
#include <cstdint>
#include <vector>

#include "harness/core/parameter_problems.hpp"
#include "harness/core/parameters.hpp"

namespace sluice::migration {

/// What a check of the kind `migration.live_writes` may be told.
std::vector<ParameterSpec> live_writes_parameters();
/// What is wrong with it before anything runs.
void examine_live_writes(const Parameters& parameters, ParameterProblems& problems);

/// Of the requests, where there is `delete`.
double delete_share(const Parameters& parameters);
/// Deletes that must have met an action.
std::uint64_t deletes_min(const Parameters& parameters);

}  // namespace sluice::migration
