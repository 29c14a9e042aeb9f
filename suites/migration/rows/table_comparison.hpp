#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "suites/migration/rows/row_evidence.hpp"
#include "suites/migration/rows/row_merge.hpp"
#include "suites/migration/rows/row_source.hpp"
#include "suites/migration/rows/table_digest.hpp"
#include "suites/migration/rows/table_mapping.hpp"

namespace sluice::migration {

/// How tables are compared: by hashes that are computed where the rows are, or row by row.
enum class Strategy { automatic, hash, merge };

/// How one table is compared: which sides, how much evidence is kept, and what the caller hears meanwhile.
struct ComparisonOptions {
  std::string reproduce;
  std::size_t sample = 20;
  std::uint64_t seed = 0;
  Strategy strategy = Strategy::automatic;
  bool wide = false;  ///< hashes of 128 bits instead of 64
  SpoolOptions spool = {};
  Rereading rereading = {};
  std::function<void(std::uint64_t rows)> on_progress = {};
};

/// One table's result.
struct TableResult {
  TableMapping mapping;
  MergeTotals totals;
  std::shared_ptr<const RowEvidence> evidence;
  std::optional<DigestPlan> digest = std::nullopt;  ///< when hashes said of some rows that they are equal
  std::string strategy = {};                        ///< "hash", or "merge: no constraint says that its key is unique"
  std::vector<std::uint32_t> equal_buckets = {};    ///< of the digest: those with rows
  std::string rereading = {};                       ///< how rows were last read again: "3 rows by key"
  std::vector<MatchedKey> sample = {};              ///< matched rows for the control
};

/// What merge_rows() is told of a mapped table.
MergeSpec mapped_merge(const TableMapping& mapping, const stores::Store& old_store, const stores::Store& new_store);

/// Compares the table within the snapshots of both stores: by hash where that proves the same as reading every row, and
/// then only rows of buckets whose hashes differ are read and merged; else all rows are.
TableResult compare_table(stores::Store& old_store, stores::Store& new_store, const TableMapping& mapping,
                          const ComparisonOptions& options);

/// What a control planted in one table and what the comparison said.
struct PlantedResult {
  std::string planted;
  std::string observed;
  bool caught = false;
};

/// Compares a sample of the rows that `clean` matched once more, on the same path, after altering one cell and then
/// after dropping one row on the new side; an empty table gets an invented row instead. Where hashes judged, the sample
/// is of one bucket, and both sides hash it again with the violation: the hashes must differ then, and only then.
/// Caught means that exactly the planted violation was found, with its key and column. Of a table in use
/// (`options.rereading.wanted`) the rows of the bucket that changed meanwhile are left out of the sample.
PlantedResult plant_violations(stores::Store& old_store, stores::Store& new_store, const TableResult& clean,
                               const ComparisonOptions& options);

}  // namespace sluice::migration
