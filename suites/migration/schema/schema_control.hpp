#pragma once
#include <cstdint>

#include "harness/core/outcome.hpp"
#include "suites/migration/schema/catalog.hpp"
#include "suites/migration/schema/schema_diff.hpp"

namespace sluice::migration {

/// Plants unsound objects in a schema of its own inside a transaction that is rolled back, reads them on the same path,
/// and says whether every one was found. Touches and locks nothing that was there. Where the role may not create a
/// schema, and on SQLite, the catalog is altered as it was read instead, and the control says so.
Control control_soundness(stores::SqlSession& session, const Catalog& catalog, std::uint64_t seed);

/// Takes one object of each kind away from what was read, and flips the nullability of one column.
Control control_comparison(const SchemaComparison& comparison, const Catalog& actual, std::uint64_t seed);

}  // namespace sluice::migration
