#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "harness/stores/digest.hpp"
#include "suites/migration/rows/table_mapping.hpp"

namespace sluice::migration {

/// How one table pair is hashed on both sides.
struct DigestPlan {
  stores::HashPlan hashes;
  stores::Partition partition;
};

/// The plan, or why this table must be compared row by row. Probes the hash functions of both stores. With `small_too`
/// false a table of a few rows is not worth hashing.
std::variant<DigestPlan, std::string> plan_digest(stores::Store& old_store, stores::Store& new_store,
                                                  const TableMapping& mapping, bool small_too, bool wide);

struct DigestPair {
  std::vector<stores::BucketDigest> old_buckets;
  std::vector<stores::BucketDigest> new_buckets;

  /// Buckets that differ, ascending.
  std::vector<std::uint32_t> differing() const;
  /// Buckets with rows on either side.
  std::size_t inhabited() const;
  /// Rows of the buckets that are equal.
  std::uint64_t equal_rows() const;
};

/// What each side hashes, when it is not just the whole table.
struct DigestScans {
  stores::ScanSpec old_scan;
  stores::ScanSpec new_scan;
  std::optional<stores::PlantedCell> planted = std::nullopt;  ///< on the new side
};

/// Hashes both sides at once, each where its rows are. `on_progress` is called by this thread and may throw to stop.
DigestPair digest_both(stores::Store& old_store, stores::Store& new_store, const DigestPlan& plan,
                       const DigestScans& scans, const std::function<void(std::uint64_t rows)>& on_progress);

}  // namespace sluice::migration
