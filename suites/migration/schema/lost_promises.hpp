#pragma once
#include <vector>

#include "suites/migration/schema/catalog.hpp"
#include "suites/migration/schema/schema_problem.hpp"

namespace sluice::migration {

/// What a column or table of SQLite promised by its declaration and its counterpart of PostgreSQL does not: a declared
/// length or precision that became shorter (`length-narrowed`), a default that is a plain literal and is gone or
/// another
/// (`default-differs`), CHECK constraints that became fewer (`checks-differs`). What cannot be told for certain is no
/// problem. Differences that the plan declares (type, default, checks) are left to it.
std::vector<SchemaProblem> lost_promises(const CatalogObject& expected, const CatalogObject& actual,
                                         const Catalog& actual_catalog);

/// Whether `actual` declares fewer characters or digits than `expected`, as "VARCHAR(10)" and "character varying(3)"
/// do.
bool is_narrowed(const std::string& expected, const std::string& actual);

/// Whether two defaults are plain literals that surely differ, read as `type`: "1" and "true" are the same as boolean.
/// PostgreSQL's casts are left out.
bool literals_differ(const std::string& expected, const std::string& actual, stores::ComparisonType type);

}  // namespace sluice::migration
