#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/stores/digest.hpp"
#include "harness/stores/postgres_connection.hpp"

namespace sluice::stores {

/// Makes the digests of one PostgreSQL store: by key ranges or parts of the heap, on a few connections that share its
/// snapshot. For one thread.
class PostgresDigester {
 public:
  PostgresDigester(PostgresConnection& connection, std::string url, StoreOptions options);

  /// `in_snapshot`: the connection is inside one that others can join.
  std::vector<BucketDigest> digest(const DigestSpec& spec, bool in_snapshot);
  std::optional<KeyRange> key_range(const ScanSpec& spec);
  std::string probe();

 private:
  std::string relation(const DigestSpec& spec) const;
  std::vector<std::string> statements(const DigestSpec& spec);
  /// By parts of the heap; nullopt when it does not lie in the order of its key, as the partition expects.
  std::optional<std::vector<BucketDigest>> digest_heap(const DigestSpec& spec, bool in_snapshot);
  HeapOrder heap_order(const ScanSpec& spec, const std::string& key);
  std::uint64_t block_count(const TableDescription& table);

  PostgresConnection& connection_;
  std::string url_;
  StoreOptions options_;
};

}  // namespace sluice::stores
