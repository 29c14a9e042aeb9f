#pragma once
#include <vector>

#include "suites/migration/schema/catalog.hpp"
#include "suites/migration/schema/schema_problem.hpp"

namespace sluice::migration {

/// What is wrong with a catalog whatever it is compared with: rows may be identical, and the next write breaks.
std::vector<SchemaProblem> judge_soundness(const Catalog& catalog);

/// `problems` without those that the plan accepts.
std::vector<SchemaProblem> without_accepted(std::vector<SchemaProblem> problems, const SchemaExceptions& exceptions);

}  // namespace sluice::migration
