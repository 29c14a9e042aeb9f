#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "harness/stores/digest.hpp"

namespace sluice::stores {

/// The statement of a digest: one row "bucket, count, sum[, sum]" for each bucket met. `relation` is what it reads
/// from; `condition` may be empty; `bucket` when all rows are of one.
std::string digest_statement(const DigestSpec& spec, const std::string& relation, const std::string& condition,
                             std::optional<std::uint32_t> bucket);

/// The same for one part of the heap, as prepared statements. The first takes a bucket and the two ends of the part
/// (int4, tid, tid) and gives "bucket, count, sum[, sum], smallest key, largest key"; the second takes the two ends of
/// the part and the two of its keys (tid, tid, int8, int8) and gives "key, hash[, hash]" of every row with another key.
struct HeapStatements {
  static constexpr const char* part = "sluice_heap_part";
  static constexpr const char* strays = "sluice_heap_strays";
  static constexpr std::size_t most_strays = 5'000;  ///< of a part; one more is given when there are more
};
std::vector<std::string> prepare_heap_statements(const DigestSpec& spec, const std::string& condition);

/// A condition for the rows of these buckets.
std::string bucket_condition(const ScanSpec& scan, const BucketSelection& selection);

/// "a" >= first AND "a" < end: the rows of one bucket of a range.
std::string range_condition(const std::string& key, const Partition& partition, std::uint32_t bucket);

/// A value as both sides of a probe get it.
struct ProbeValue {
  HashForm form;
  std::string literal;  ///< in SQL, with its type
  RawCell cell;
  ColumnRule rule;
};
const std::vector<ProbeValue>& probe_values();
/// Selects the hash of each of them, in their order, as one row of texts.
std::string probe_statement();

}  // namespace sluice::stores
