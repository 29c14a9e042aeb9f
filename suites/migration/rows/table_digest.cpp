#include "suites/migration/rows/table_digest.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>

namespace sluice::migration {
namespace {

using stores::Engine;
using stores::Partition;

constexpr std::uint64_t worth_hashing = 10'000;  // rows; fewer are merged as fast
constexpr std::uint32_t range_buckets = 512;     // a statement each
constexpr std::uint32_t hash_buckets = 4096;     // a group each
constexpr auto between_reports = std::chrono::milliseconds(100);

Partition choose_partition(stores::Store& old_store, stores::Store& new_store, const stores::ScanSpec& old_scan,
                           const stores::ScanSpec& new_scan) {
  const Partition by_hash{.kind = Partition::Kind::hash, .buckets = hash_buckets};
  const auto old_range = old_store.key_range(old_scan);
  const auto new_range = old_range ? new_store.key_range(new_scan) : std::nullopt;
  if (!new_range) return by_hash;
  const stores::KeyRange both{std::min(old_range->smallest, new_range->smallest),
                              std::max(old_range->largest, new_range->largest)};
  // A heap in the order of its key is read as it lies.
  for (const auto* range : {&new_range, &old_range}) {
    if ((*range)->heap.keys.size() > 1) return stores::partition_heap(both.smallest, (*range)->heap);
  }
  // Ranges of a key with wide gaps would hold all rows in a few buckets.
  constexpr std::uint64_t widest_gaps = 64;
  const auto rows = std::max(old_scan.table.rows_estimate, new_scan.table.rows_estimate);
  const std::uint64_t span = static_cast<std::uint64_t>(both.largest) - static_cast<std::uint64_t>(both.smallest);
  if (rows && span / widest_gaps > *rows) return by_hash;
  return stores::partition_range(both, range_buckets);
}

}  // namespace

std::variant<DigestPlan, std::string> plan_digest(stores::Store& old_store, stores::Store& new_store,
                                                  const TableMapping& mapping, bool small_too, bool wide) {
  const stores::ScanSpec old_scan = mapping.old_scan();
  const stores::ScanSpec new_scan = mapping.new_scan();
  auto hashes = stores::plan_hashes(old_scan, old_store.engine(), new_scan, new_store.engine(), wide);
  if (auto* reason = std::get_if<std::string>(&hashes)) return std::move(*reason);
  if (!small_too && !old_store.has_rows(old_scan, worth_hashing) && !new_store.has_rows(new_scan, worth_hashing)) {
    return "it is small";
  }
  for (stores::Store* store : {&old_store, &new_store}) {
    if (std::string problem = store->probe_hashes(); !problem.empty()) return problem;
  }
  return DigestPlan{.hashes = std::move(std::get<stores::HashPlan>(hashes)),
                    .partition = choose_partition(old_store, new_store, old_scan, new_scan)};
}

std::vector<std::uint32_t> DigestPair::differing() const {
  std::vector<std::uint32_t> buckets;
  for (std::uint32_t i = 0; i < old_buckets.size(); ++i) {
    if (old_buckets[i] != new_buckets[i]) buckets.push_back(i);
  }
  return buckets;
}

std::size_t DigestPair::inhabited() const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < old_buckets.size(); ++i) count += old_buckets[i].rows + new_buckets[i].rows > 0 ? 1 : 0;
  return count;
}

std::uint64_t DigestPair::equal_rows() const {
  std::uint64_t rows = 0;
  for (std::size_t i = 0; i < old_buckets.size(); ++i) {
    if (old_buckets[i] == new_buckets[i]) rows += old_buckets[i].rows;
  }
  return rows;
}

DigestPair digest_both(stores::Store& old_store, stores::Store& new_store, const DigestPlan& plan,
                       const DigestScans& scans, const std::function<void(std::uint64_t rows)>& on_progress) {
  std::atomic<std::uint64_t> rows{0};
  const auto spec = [&](const stores::ScanSpec& scan, bool old) {
    stores::DigestSpec digest{.scan = scan, .plan = plan.hashes, .partition = plan.partition};
    digest.salt = old ? 1 : 2;
    if (!old) digest.planted = scans.planted;
    digest.on_rows = [&rows](std::uint64_t more) { rows += more; };
    return digest;
  };
  // A future's destructor waits for its thread, which also notices a cancellation by itself.
  auto old_future =
      std::async(std::launch::async, [&, digest = spec(scans.old_scan, true)] { return old_store.digest(digest); });
  auto new_future =
      std::async(std::launch::async, [&, digest = spec(scans.new_scan, false)] { return new_store.digest(digest); });
  const auto report = [&] {
    if (on_progress) on_progress(rows / 2);
  };
  report();  // also of what is done before anybody looks
  for (const auto* future : {&old_future, &new_future}) {
    while (future->wait_for(between_reports) != std::future_status::ready) {
      report();
    }
  }
  report();
  DigestPair pair;
  pair.old_buckets = old_future.get();
  pair.new_buckets = new_future.get();
  return pair;
}

}  // namespace sluice::migration
