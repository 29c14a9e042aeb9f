#pragma once
#include <optional>

#include "harness/stores/store.hpp"
#include "suites/migration/rows/table_mapping.hpp"

namespace sluice::migration {

/// Whether each side finds a row by its key without reading the others: the columns of the key are unique there, by a
/// constraint or index. Never of rows without a key, nor of translated ids.
bool finds_rows_by_key(const TableMapping& mapping);

/// `key`, as one side wrote it, as the other side must have written it if it has the row; nullopt when it may have been
/// spelled in another way there (a UUID in a text column, an instant) or cannot be asked for (a NULL).
std::optional<stores::OwnedRow> counterpart_key(const TableMapping& mapping, bool from_old, stores::Engine from,
                                                stores::Engine to, const stores::OwnedRow& key);

}  // namespace sluice::migration
