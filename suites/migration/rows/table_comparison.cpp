#include "suites/migration/rows/table_comparison.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <random>
#include <utility>

#include "harness/core/printable.hpp"

namespace sluice::migration {
namespace {

/// Compares one table in either way.
class TableComparison {
 public:
  TableComparison(stores::Store& old_store, stores::Store& new_store, const TableMapping& mapping,
                  const ComparisonOptions& options)
      : old_store_(old_store), new_store_(new_store), mapping_(mapping), options_(options) {}

  using Buckets = std::shared_ptr<const stores::BucketSelection>;

  static Buckets select(const DigestPlan& plan, std::vector<std::uint32_t> buckets) {
    return std::make_shared<const stores::BucketSelection>(
        stores::BucketSelection{.plan = plan.hashes, .partition = plan.partition, .buckets = std::move(buckets)});
  }

  /// Of all rows, or of those in `buckets`.
  TableResult by_merge(const std::string& why, const Buckets& buckets = nullptr) {
    TableResult result{.mapping = mapping_,
                       .strategy = mapping_.multiset ? "multiset: " + mapping_.row_by_row() : "merge: " + why};
    stores::ScanSpec old_scan = mapping_.old_scan();
    stores::ScanSpec new_scan = mapping_.new_scan();
    old_scan.buckets = new_scan.buckets = buckets;
    MergeSpec spec = mapped_merge(mapping_, old_store_, new_store_);
    spec.on_progress = options_.on_progress;
    auto evidence = std::make_shared<RowEvidence>(EvidenceContext{mapping_, old_store_, new_store_, options_.reproduce},
                                                  options_.sample, options_.seed, options_.rereading);
    // The new side first: a server sorts in its own process while the other side is prepared here.
    RowSource new_rows(new_store_, mapping_, false, new_scan, options_.spool);
    RowSource old_rows(old_store_, mapping_, true, old_scan, options_.spool);
    result.totals = merge_rows(old_rows.rows(), new_rows.rows(), spec, *evidence);
    // Without the rows that are in use.
    result.totals.changed = evidence->differing().changed;
    result.totals.missing = evidence->differing().missing;
    result.totals.extra = evidence->differing().extra;
    result.sample = evidence->matched_keys();
    result.evidence = std::move(evidence);
    return result;
  }

  TableResult by_hash(const DigestPlan& plan) {
    const DigestPair pair =
        digest_both(old_store_, new_store_, plan, {mapping_.old_scan(), mapping_.new_scan()}, options_.on_progress);
    const std::vector<std::uint32_t> differing = pair.differing();
    const std::size_t inhabited = pair.inhabited();
    if (differing.size() > few_buckets && differing.size() > inhabited / 10) {
      return by_merge(fmt::format("the hashes of {} of {} buckets differ", differing.size(), inhabited));
    }
    TableResult result{.mapping = mapping_};
    if (differing.empty()) {
      result.evidence = std::make_shared<RowEvidence>(
          EvidenceContext{mapping_, old_store_, new_store_, options_.reproduce}, options_.sample, options_.seed);
    } else {
      const std::uint64_t before = pair.equal_rows();
      ComparisonOptions options = options_;
      if (options_.on_progress) options.on_progress = [&](std::uint64_t rows) { options_.on_progress(before + rows); };
      result = TableComparison(old_store_, new_store_, mapping_, options).by_merge({}, select(plan, differing));
    }
    result.strategy =
        fmt::format("hash: {} of {} buckets differed and were read row by row", differing.size(), inhabited);
    result.totals.old_rows += pair.equal_rows();
    result.totals.new_rows += pair.equal_rows();
    result.totals.matched += pair.equal_rows();
    if (options_.on_progress) options_.on_progress(std::max(result.totals.old_rows, result.totals.new_rows));
    for (std::uint32_t i = 0; i < pair.old_buckets.size(); ++i) {
      if (pair.old_buckets[i].rows > 0 && pair.old_buckets[i] == pair.new_buckets[i]) result.equal_buckets.push_back(i);
    }
    if (!result.equal_buckets.empty()) result.digest = plan;
    return result;
  }

 private:
  static constexpr std::size_t few_buckets = 3;  // always worth fetching

  stores::Store& old_store_;
  stores::Store& new_store_;
  const TableMapping& mapping_;
  const ComparisonOptions& options_;
};

/// One comparison of the sampled rows with a violation on the new side.
struct Rerun {
  MergeTotals totals;
  std::shared_ptr<const RowEvidence> evidence;
  bool planted = false;
  stores::OwnedRow original;  ///< the row that was altered or dropped
  stores::OwnedCell cell;     ///< what was planted
};

class ControlRun {
 public:
  ControlRun(stores::Store& old_store, stores::Store& new_store, const TableResult& clean,
             const ComparisonOptions& options)
      : old_store_(old_store), new_store_(new_store), clean_(clean), options_(options), random_(options.seed) {
    old_scan_ = clean.mapping.old_scan();
    new_scan_ = clean.mapping.new_scan();
    if (clean.mapping.multiset) return;  // the whole table is read again: its rows have no key to pick some by
    for (const auto& key : clean.sample) {
      old_scan_.only.push_back(key.old_key);
      new_scan_.only.push_back(key.new_key);
    }
  }

  PlantedResult run() {
    if (clean_.mapping.multiset && clean_.totals.matched > 0) return alter_multiset();
    if (old_scan_.only.empty()) return add_row();
    const std::size_t cells = clean_.mapping.columns.size() - clean_.mapping.key_columns;
    PlantedResult dropped = drop_row();
    if (cells == 0) return dropped;
    const PlantedResult changed = alter_cell(clean_.mapping.key_columns + random_() % cells);
    return {.planted = changed.planted + "; " + dropped.planted,
            .observed = changed.observed + "; " + dropped.observed,
            .caught = changed.caught && dropped.caught};
  }

 private:
  Rerun merge(const Tampering& tampering) {
    const MergeSpec spec = mapped_merge(clean_.mapping, old_store_, new_store_);
    auto evidence = std::make_shared<RowEvidence>(
        EvidenceContext{clean_.mapping, old_store_, new_store_, options_.reproduce}, options_.sample, options_.seed);
    RowSource old_rows(old_store_, clean_.mapping, true, old_scan_, options_.spool);
    RowSource new_rows(new_store_, clean_.mapping, false, new_scan_, options_.spool, tampering);
    const TamperingCursor& tampered = *new_rows.tampered();
    Rerun rerun;
    rerun.totals = merge_rows(old_rows.rows(), new_rows.rows(), spec, *evidence);
    rerun.evidence = std::move(evidence);
    rerun.planted = tampered.planted();
    rerun.original = tampered.original();
    rerun.cell = tampered.cell();
    return rerun;
  }

  std::uint64_t any_row() { return random_() % old_scan_.only.size(); }

  static std::string observed(const Rerun& rerun) {
    const auto findings = rerun.evidence->findings();
    if (!rerun.planted) return "the row could not be read again";
    if (rerun.totals.changed + rerun.totals.missing + rerun.totals.extra == 0) return "no difference";
    return fmt::format("{} differing rows, first: {}", rerun.totals.changed + rerun.totals.missing + rerun.totals.extra,
                       findings.front().summary);
  }

  PlantedResult alter_cell(std::size_t column) {
    const Rerun rerun = merge({.kind = Tampering::Kind::alter_cell,
                               .row = any_row(),
                               .column = column,
                               .tolerance = clean_.mapping.columns[column].tolerance});
    const std::uint64_t rows = old_scan_.only.size();
    const MergeTotals expected{.old_rows = rows, .new_rows = rows, .matched = rows, .changed = 1};
    const bool caught = rerun.planted && rerun.totals == expected && rerun.evidence->cells_changed()[column] == 1 &&
                        rerun.evidence->cells_changed_total() == 1;
    const auto& name = clean_.mapping.columns[column].name;
    PlantedResult result{
        .planted = fmt::format("{} of one row of {} altered on the new side", printable(name), table()),
        .observed = observed(rerun),
        .caught = caught};
    if (clean_.digest && rerun.planted) {
      DigestScans scans{old_scan_, new_scan_};
      scans.planted = {.key = key_of(rerun.original), .column = column, .value = rerun.cell};
      hash_again(scans, result);
    }
    return result;
  }

  // One row becomes another: it is missing then, and what it became is extra.
  PlantedResult alter_multiset() {
    const std::size_t column = random_() % clean_.mapping.columns.size();
    const std::uint64_t rows = clean_.totals.matched;
    const Rerun changed = merge({.kind = Tampering::Kind::alter_cell, .row = random_() % rows, .column = column});
    const Rerun dropped = merge({.kind = Tampering::Kind::drop_row, .row = random_() % rows});
    const MergeTotals one_changed{.old_rows = rows, .new_rows = rows, .matched = rows - 1, .missing = 1, .extra = 1};
    const MergeTotals one_dropped{.old_rows = rows, .new_rows = rows - 1, .matched = rows - 1, .missing = 1};
    return {
        .planted = fmt::format("{} of one row of {} altered on the new side; one row of it dropped there",
                               printable(clean_.mapping.columns[column].name), table()),
        .observed = observed(changed) + "; " + observed(dropped),
        .caught = changed.planted && changed.totals == one_changed && dropped.planted && dropped.totals == one_dropped};
  }

  PlantedResult drop_row() {
    const Rerun rerun = merge({.kind = Tampering::Kind::drop_row, .row = any_row()});
    const std::uint64_t rows = old_scan_.only.size();
    const MergeTotals expected{.old_rows = rows, .new_rows = rows - 1, .matched = rows - 1, .missing = 1};
    PlantedResult result{.planted = fmt::format("one row of {} dropped on the new side", table()),
                         .observed = observed(rerun),
                         .caught = rerun.planted && rerun.totals == expected};
    if (clean_.digest && rerun.planted) {
      DigestScans scans{old_scan_, new_scan_};
      std::erase_if(scans.new_scan.only, [&](const stores::OwnedRow& key) { return same_key(key, rerun.original); });
      if (!scans.new_scan.only.empty()) hash_again(scans, result);
    }
    return result;
  }

  stores::OwnedRow key_of(const stores::OwnedRow& row) const {
    return {row.begin(), row.begin() + static_cast<std::ptrdiff_t>(clean_.mapping.key_columns)};
  }

  bool same_key(const stores::OwnedRow& key, const stores::OwnedRow& row) const {
    std::string left, right;
    for (std::size_t i = 0; i < clean_.mapping.key_columns; ++i) {
      stores::append_canonical(key[i].view(), new_scan_.rules[i], left);
      stores::append_canonical(row[i].view(), new_scan_.rules[i], right);
      if (left != right) return false;
    }
    return true;
  }

  // The hashes that passed the table: equal on the sample as it is, different with the violation.
  void hash_again(const DigestScans& scans, PlantedResult& result) {
    DigestPlan plan = *clean_.digest;
    plan.partition = {};
    if (!digest_both(old_store_, new_store_, plan, {old_scan_, new_scan_}, {}).differing().empty()) {
      result.caught = false;
      result.observed += "; the hashes of the sample differ without any violation";
    } else if (digest_both(old_store_, new_store_, plan, scans, {}).differing().empty()) {
      result.caught = false;
      result.observed += "; the hashes did not see it";
    } else {
      result.observed += "; the hashes differed too";
    }
  }

  PlantedResult add_row() {
    const Rerun rerun = merge({.kind = Tampering::Kind::add_row});
    return {.planted = fmt::format("one invented row added to the empty {} on the new side", table()),
            .observed = observed(rerun),
            .caught = rerun.planted && rerun.totals == MergeTotals{.new_rows = 1, .extra = 1}};
  }

  std::string table() const { return printable(clean_.mapping.request.old_table); }

  stores::Store& old_store_;
  stores::Store& new_store_;
  const TableResult& clean_;
  const ComparisonOptions& options_;
  std::mt19937_64 random_;
  stores::ScanSpec old_scan_;
  stores::ScanSpec new_scan_;
};

}  // namespace

MergeSpec mapped_merge(const TableMapping& mapping, const stores::Store& old_store, const stores::Store& new_store) {
  const stores::ScanSpec old_scan = mapping.old_scan();
  const stores::ScanSpec new_scan = mapping.new_scan();
  MergeSpec spec{.old_table = fmt::format("table {} ({})", printable(mapping.request.old_table), old_store.name()),
                 .new_table = fmt::format("table {} ({})", printable(mapping.request.new_table), new_store.name()),
                 .key_columns = mapping.key_columns,
                 .command_line = mapping.request.asked_by == AskedBy::command_line,
                 .nulls_match = mapping.multiset};
  for (std::size_t i = 0; i < mapping.columns.size(); ++i) {
    const ColumnPair& pair = mapping.columns[i];
    spec.columns.push_back(
        {.old_name = pair.name,
         .new_name = mapping.request.expressions.contains(pair.name) ? pair.name : pair.new_column.name,
         .old_rule = old_scan.rules[i],
         .new_rule = new_scan.rules[i],
         .tolerance = pair.tolerance});
  }
  if (mapping.multiset) {
    // The number of the copy makes equal rows different keys.
    const stores::ColumnRule number{.type = stores::ComparisonType::integer};
    spec.columns.push_back({.old_name = "copy", .new_name = "copy", .old_rule = number, .new_rule = number});
    ++spec.key_columns;
  }
  return spec;
}

TableResult compare_table(stores::Store& old_store, stores::Store& new_store, const TableMapping& mapping,
                          const ComparisonOptions& options) {
  TableComparison comparison(old_store, new_store, mapping, options);
  if (std::string reason = mapping.row_by_row(); !reason.empty()) return comparison.by_merge(reason);
  if (options.strategy == Strategy::merge) return comparison.by_merge("as asked");
  const auto plan = plan_digest(old_store, new_store, mapping, options.strategy == Strategy::hash, options.wide);
  if (const auto* reason = std::get_if<std::string>(&plan)) return comparison.by_merge(*reason);
  return comparison.by_hash(std::get<DigestPlan>(plan));
}

PlantedResult plant_violations(stores::Store& old_store, stores::Store& new_store, const TableResult& clean,
                               const ComparisonOptions& options) {
  if (!clean.digest) return ControlRun(old_store, new_store, clean, options).run();
  // The hashes kept no rows: read those of one bucket; of a table in use it may have become another or empty since.
  constexpr int most_buckets = 8;
  ComparisonOptions reading = options;
  if (options.rereading.wanted) reading.rereading.previous = std::make_shared<const Suspects>();
  std::mt19937_64 random(options.seed);
  TableComparison comparison(old_store, new_store, clean.mapping, reading);
  TableResult sampled;
  for (int i = 0; i < most_buckets && sampled.sample.empty(); ++i) {
    const std::uint32_t bucket = clean.equal_buckets[random() % clean.equal_buckets.size()];
    sampled = comparison.by_merge({}, comparison.select(*clean.digest, {bucket}));
  }
  sampled.digest = clean.digest;
  return ControlRun(old_store, new_store, sampled, options).run();
}

}  // namespace sluice::migration
