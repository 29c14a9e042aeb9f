#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "harness/stores/digest.hpp"
#include "harness/stores/postgres_workers.hpp"

namespace sluice::stores {

/// Adds up what the parts of a heap gave (see HeapStatements), and moves the rows that lie in the part of another key,
/// so that each bucket holds the rows of its keys and no others, wherever they lie.
class HeapSums {
 public:
  /// `spec` must outlive it; its partition is that of a heap.
  explicit HeapSums(const DigestSpec& spec) : spec_(spec), digests_(spec.partition.buckets) {}

  std::string part_statement(std::uint32_t bucket) const;
  void take_part(const PostgresWorkers::Rows& rows);

  /// Parts taken that hold keys of others.
  const std::vector<std::uint32_t>& strayed() const { return strayed_; }
  std::string strays_statement(std::uint32_t bucket) const;
  /// False when there are too many to move.
  bool take_strays(std::uint32_t bucket, const PostgresWorkers::Rows& rows);

  std::vector<BucketDigest> take() { return std::move(digests_); }

 private:
  std::size_t sums() const { return spec_.plan.wide ? 2 : 1; }
  std::string begin_of(std::size_t part) const;
  std::int64_t first_key(std::uint32_t bucket) const;
  std::int64_t last_key(std::uint32_t bucket) const;

  const DigestSpec& spec_;
  std::vector<BucketDigest> digests_;
  std::vector<std::uint32_t> strayed_;
};

}  // namespace sluice::stores
