#pragma once
#include <set>
#include <string>
#include <vector>

#include "harness/core/parameter_problems.hpp"
#include "harness/core/parameters.hpp"

namespace sluice::migration {

/// The parameters of `migration.rows`.
std::vector<ParameterSpec> rows_parameters();
/// Tables that may have no rows on both sides.
struct EmptyTables {
  bool all = false;
  std::set<std::string> names;  ///< of the old side
  bool allow(const std::string& table) const { return all || names.contains(table); }
};
EmptyTables empty_tables(const Parameters& parameters);

/// What is wrong with them before a store is looked at.
void examine_rows(const Parameters& parameters, ParameterProblems& problems);

}  // namespace sluice::migration
