#pragma once
#include "suites/migration/schema/catalog.hpp"

namespace sluice::migration {

/// Whether a key or a unique index of SQLite takes "A" and "a" for one: COLLATE NOCASE.
bool ignores_case(const CatalogObject& unique);

/// Whether PostgreSQL refuses what `unique` refused: a unique index over lower() or upper() of those columns, or, where
/// `same_columns` are unique there too, columns of type citext or of a nondeterministic collation. Names in lower case
/// and without quotes.
bool is_unique_without_case(const CatalogObject& unique, const Catalog& actual, bool same_columns);

}  // namespace sluice::migration
