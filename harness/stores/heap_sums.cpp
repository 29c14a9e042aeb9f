#include "harness/stores/heap_sums.hpp"

#include <fmt/core.h>

#include <limits>

#include "harness/stores/postgres_digest.hpp"
#include "harness/stores/postgres_number.hpp"

namespace sluice::stores {

std::string HeapSums::begin_of(std::size_t part) const {
  constexpr const char* after_all = "'(4294967294,65535)'";
  const auto& blocks = spec_.partition.heap.blocks;
  return part < blocks.size() ? fmt::format("'({},0)'", blocks[part]) : after_all;
}

std::int64_t HeapSums::first_key(std::uint32_t bucket) const {
  return bucket == 0 ? std::numeric_limits<std::int64_t>::min() : *spec_.partition.first_key(bucket);
}

std::int64_t HeapSums::last_key(std::uint32_t bucket) const {
  const auto next = spec_.partition.first_key(bucket + 1);
  return next ? *next - 1 : std::numeric_limits<std::int64_t>::max();
}

std::string HeapSums::part_statement(std::uint32_t bucket) const {
  return fmt::format("EXECUTE {}({}, {}, {})", HeapStatements::part, bucket, begin_of(bucket), begin_of(bucket + 1));
}

void HeapSums::take_part(const PostgresWorkers::Rows& rows) {
  const auto& row = rows.at(0);
  const auto bucket = read_integer<std::uint32_t>(row.at(0));
  BucketDigest& digest = digests_.at(bucket);
  const auto count = read_integer<std::uint64_t>(row.at(1));
  digest.rows += count;
  for (std::size_t i = 0; i < sums(); ++i) digest.sums[i] += read_sum(row.at(2 + i));
  if (spec_.on_rows) spec_.on_rows(count);
  if (count == 0) return;
  const auto smallest = read_integer<std::int64_t>(row.at(2 + sums()));
  const auto largest = read_integer<std::int64_t>(row.at(3 + sums()));
  if (smallest < first_key(bucket) || largest > last_key(bucket)) strayed_.push_back(bucket);
}

std::string HeapSums::strays_statement(std::uint32_t bucket) const {
  // Quoted: of the smallest number the server would read the digits before the sign, and they are too large.
  return fmt::format("EXECUTE {}({}, {}, '{}', '{}')", HeapStatements::strays, begin_of(bucket), begin_of(bucket + 1),
                     first_key(bucket), last_key(bucket));
}

bool HeapSums::take_strays(std::uint32_t bucket, const PostgresWorkers::Rows& rows) {
  if (rows.size() > HeapStatements::most_strays) return false;
  for (const auto& row : rows) {
    BucketDigest& right = digests_[spec_.partition.bucket_of(read_integer<std::int64_t>(row.at(0)))];
    BucketDigest& wrong = digests_[bucket];
    ++right.rows;
    --wrong.rows;
    for (std::size_t i = 0; i < sums(); ++i) {
      const auto hash = static_cast<std::uint64_t>(read_integer<std::int64_t>(row.at(1 + i)));
      right.sums[i] += hash;
      wrong.sums[i] -= hash;
    }
  }
  return true;
}

}  // namespace sluice::stores
