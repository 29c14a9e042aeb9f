#pragma once
#include <set>
#include <string>
#include <vector>

#include "harness/core/check.hpp"
#include "harness/stores/store.hpp"

namespace sluice::migration {

/// The parameters that every kind has that runs actions on copies of the stores: ignore, spares,
/// others_write, timeout,
/// statement_timeout, lock_timeout, connect_timeout.
std::vector<ParameterSpec> copy_parameters();

/// A list of the sides that an action does without; `action` is for people: "the rollback".
ParameterSpec spares_parameter(const std::string& name, const std::string& action);

/// How stores are opened by these parameters.
stores::StoreOptions store_options(const Parameters& parameters, const CheckContext& context);

std::set<std::string> ignored_names(const Parameters& parameters);
/// What a parameter that lists sides holds: "spares", "others_write".
std::set<std::string> sides_of(const Parameters& parameters, const std::string& name);

/// "sluice run … --check crash --seed 1" with what to set for one case: "…  # with only: [37 commit]".
std::string reproduce_with(const CheckContext& context, const std::string& setting);

}  // namespace sluice::migration
