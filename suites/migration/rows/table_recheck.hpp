#pragma once
#include "suites/migration/rows/table_comparison.hpp"

namespace sluice::migration {

/// Reads the rows that differed in `last` again, in the snapshots that the stores hold now, and nothing else of the
/// table: by key, a few hundred at a time. The whole table is read where rows are not found by their keys, where a key
/// may be spelled in another way on the side that did not have the row, and when there are more than 20,000 of them.
/// Nothing is read when nothing differed, or so much that it cannot be kept: `last` stands then.
TableResult recompare_table(stores::Store& old_store, stores::Store& new_store, const TableMapping& mapping,
                            const TableResult& last, const ComparisonOptions& options);

/// Leaves in `result.sample` the rows that are equal in the snapshots of now, with which a control can begin.
void renew_sample(stores::Store& old_store, stores::Store& new_store, const TableMapping& mapping,
                  const ComparisonOptions& options, TableResult& result);

}  // namespace sluice::migration
