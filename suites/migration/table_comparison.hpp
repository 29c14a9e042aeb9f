#pragma once
#include <functional>
#include <memory>
#include <string>

#include "suites/migration/row_evidence.hpp"
#include "suites/migration/row_merge.hpp"
#include "suites/migration/row_tamper.hpp"
#include "suites/migration/table_mapping.hpp"

namespace sluice::migration {

/// How one table is compared: which sides, how much evidence is kept, and what the caller hears meanwhile.
struct ComparisonOptions {
  std::string reproduce;
  std::size_t sample = 20;
  std::uint64_t seed = 0;
  std::function<void(std::uint64_t rows)> on_progress = {};
};

/// One table's result.
struct TableResult {
  TableMapping mapping;
  MergeTotals totals;
  std::shared_ptr<const RowEvidence> evidence;
};

/// Reads the table from both stores within their snapshots and merges them.
TableResult compare_table(stores::Store& old_store, stores::Store& new_store, const TableMapping& mapping,
                          const ComparisonOptions& options);

/// What a control planted in one table and what the comparison said.
struct PlantedResult {
  std::string planted;
  std::string observed;
  bool caught = false;
};

/// Compares a sample of the rows that `clean` matched once more, on the same path, after altering one cell and then
/// after dropping one row on the new side; an empty table gets an invented row instead. Caught means that exactly the
/// planted violation was found, with its key and column.
PlantedResult plant_violations(stores::Store& old_store, stores::Store& new_store, const TableResult& clean,
                               const ComparisonOptions& options);

}  // namespace sluice::migration
