#include "suites/migration/rows/table_recheck.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <span>
#include <utility>

#include "suites/migration/rows/counterpart_key.hpp"

namespace sluice::migration {
namespace {

constexpr std::size_t most_by_key = 20'000;  // more are read as fast with the whole table
constexpr std::size_t keys_at_once = 200;    // SQLite nests no more than 1,000 conditions
constexpr std::size_t cells_at_once = 4'000;

using Keys = std::vector<MatchedKey>;

/// Reads rows of both sides by their keys.
class KeyedReading {
 public:
  KeyedReading(stores::Store& old_store, stores::Store& new_store, const TableMapping& mapping,
               const ComparisonOptions& options)
      : old_store_(old_store), new_store_(new_store), mapping_(mapping), options_(options) {}

  /// The keys of the rows as both sides write them; nullopt when that cannot be said of one.
  std::optional<Keys> keys_of(const Suspects& suspects) const {
    if (suspects.rows().size() > most_by_key || !finds_rows_by_key(mapping_)) return std::nullopt;
    const stores::Engine old_engine = old_store_.engine(), new_engine = new_store_.engine();
    Keys keys;
    for (const auto& [encoded, suspect] : suspects.rows()) {
      auto old_key = suspect.on_old() ? std::optional(suspect.old_key)
                                      : counterpart_key(mapping_, false, new_engine, old_engine, suspect.new_key);
      auto new_key = suspect.on_new() ? std::optional(suspect.new_key)
                                      : counterpart_key(mapping_, true, old_engine, new_engine, suspect.old_key);
      if (!old_key || !new_key) return std::nullopt;
      keys.push_back({std::move(*old_key), std::move(*new_key)});
    }
    return keys;
  }

  /// Shows `evidence` every row of these keys.
  MergeTotals read(const Keys& keys, RowEvidence& evidence) {
    const std::size_t cells = std::max<std::size_t>(mapping_.key_columns, 1);
    const std::size_t batch = std::clamp<std::size_t>(cells_at_once / cells, 1, keys_at_once);
    MergeTotals totals;
    for (std::size_t begin = 0; begin < keys.size(); begin += batch) {
      const MergeTotals some =
          read_batch(std::span(keys).subspan(begin, std::min(batch, keys.size() - begin)), begin, evidence);
      totals.old_rows += some.old_rows;
      totals.new_rows += some.new_rows;
      totals.matched += some.matched;
    }
    return totals;
  }

 private:
  MergeTotals read_batch(std::span<const MatchedKey> keys, std::size_t before, RowEvidence& evidence) {
    stores::ScanSpec old_scan = mapping_.old_scan();
    stores::ScanSpec new_scan = mapping_.new_scan();
    for (const auto& key : keys) {
      old_scan.only.push_back(key.old_key);
      new_scan.only.push_back(key.new_key);
    }
    MergeSpec spec = mapped_merge(mapping_, old_store_, new_store_);
    if (options_.on_progress) spec.on_progress = [&](std::uint64_t rows) { options_.on_progress(before + rows); };
    RowSource new_rows(new_store_, mapping_, false, new_scan, options_.spool);
    RowSource old_rows(old_store_, mapping_, true, old_scan, options_.spool);
    return merge_rows(old_rows.rows(), new_rows.rows(), spec, evidence);
  }

  stores::Store& old_store_;
  stores::Store& new_store_;
  const TableMapping& mapping_;
  const ComparisonOptions& options_;
};

// What the suspects were counted as is taken back, and what they are now counted.
MergeTotals updated(MergeTotals totals, const Suspects& suspects, const MergeTotals& again,
                    const MergeTotals& differing) {
  for (const auto& [encoded, suspect] : suspects.rows()) {
    if (suspect.on_old()) --totals.old_rows;
    if (suspect.on_new()) --totals.new_rows;
    if (suspect.on_old() && suspect.on_new()) --totals.matched;
  }
  totals.old_rows += again.old_rows;
  totals.new_rows += again.new_rows;
  totals.matched += again.matched;
  totals.changed = differing.changed;
  totals.missing = differing.missing;
  totals.extra = differing.extra;
  return totals;
}

}  // namespace

TableResult recompare_table(stores::Store& old_store, stores::Store& new_store, const TableMapping& mapping,
                            const TableResult& last, const ComparisonOptions& options) {
  const auto suspects = last.evidence->suspects();
  if (suspects->empty() || suspects->overflowed()) return last;
  KeyedReading reading(old_store, new_store, mapping, options);
  const auto keys = reading.keys_of(*suspects);
  if (!keys) {
    ComparisonOptions whole = options;
    whole.rereading = {.wanted = true, .previous = suspects};
    TableResult result = compare_table(old_store, new_store, mapping, whole);
    result.rereading = "the whole table";
    return result;
  }
  auto evidence = std::make_shared<RowEvidence>(
      EvidenceContext{mapping, old_store, new_store, options.reproduce}, options.sample, options.seed,
      Rereading{.wanted = true, .previous = suspects, .before = last.evidence.get()});
  const MergeTotals again = reading.read(*keys, *evidence);
  TableResult result = last;
  result.totals = updated(last.totals, *suspects, again, evidence->differing());
  result.sample = evidence->matched_keys();
  result.evidence = std::move(evidence);
  result.rereading = fmt::format("{} rows by key", keys->size());
  return result;
}

void renew_sample(stores::Store& old_store, stores::Store& new_store, const TableMapping& mapping,
                  const ComparisonOptions& options, TableResult& result) {
  if (mapping.multiset || result.sample.empty()) return;
  // Rows that differ in a reading after the first and were not noted before are in use, and leave the sample.
  RowEvidence evidence({mapping, old_store, new_store, options.reproduce}, options.sample, options.seed,
                       Rereading{.wanted = true, .previous = std::make_shared<const Suspects>()});
  KeyedReading(old_store, new_store, mapping, options).read(std::exchange(result.sample, {}), evidence);
  result.sample = evidence.matched_keys();
}

}  // namespace sluice::migration
