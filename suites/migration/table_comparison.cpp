#include "suites/migration/table_comparison.hpp"

#include <fmt/core.h>

#include <random>
#include <utility>

#include "harness/core/printable.hpp"

namespace sluice::migration {
namespace {

MergeSpec merge_spec(const TableMapping& mapping, const stores::ScanSpec& old_scan, const stores::ScanSpec& new_scan,
                     const stores::Store& old_store, const stores::Store& new_store) {
  MergeSpec spec{.old_table = fmt::format("table {} ({})", printable(mapping.request.old_table), old_store.name()),
                 .new_table = fmt::format("table {} ({})", printable(mapping.request.new_table), new_store.name()),
                 .key_columns = mapping.key_columns};
  for (std::size_t i = 0; i < mapping.columns.size(); ++i) {
    spec.columns.push_back({.old_name = mapping.columns[i].old_column.name,
                            .new_name = mapping.columns[i].new_column.name,
                            .old_rule = old_scan.rules[i],
                            .new_rule = new_scan.rules[i]});
  }
  return spec;
}

/// One comparison of the sampled rows with a violation on the new side.
struct Rerun {
  MergeTotals totals;
  std::shared_ptr<const RowEvidence> evidence;
  bool planted = false;
};

class ControlRun {
 public:
  ControlRun(stores::Store& old_store, stores::Store& new_store, const TableResult& clean,
             const ComparisonOptions& options)
      : old_store_(old_store), new_store_(new_store), clean_(clean), options_(options), random_(options.seed) {
    old_scan_ = clean.mapping.old_scan();
    new_scan_ = clean.mapping.new_scan();
    for (const auto& key : clean.evidence->matched_keys()) {
      old_scan_.only.push_back(key.old_key);
      new_scan_.only.push_back(key.new_key);
    }
  }

  PlantedResult run() {
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
    const MergeSpec spec = merge_spec(clean_.mapping, old_scan_, new_scan_, old_store_, new_store_);
    auto evidence = std::make_shared<RowEvidence>(
        EvidenceContext{clean_.mapping, old_store_, new_store_, options_.reproduce}, options_.sample, options_.seed);
    const auto old_rows = old_store_.scan(old_scan_);
    const auto new_rows = new_store_.scan(new_scan_);
    TamperingCursor tampered(*new_rows, new_scan_.rules, tampering);
    Rerun rerun;
    rerun.totals = merge_rows(*old_rows, tampered, spec, *evidence);
    rerun.evidence = std::move(evidence);
    rerun.planted = tampered.planted();
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
    const Rerun rerun = merge({.kind = Tampering::Kind::alter_cell, .row = any_row(), .column = column});
    const std::uint64_t rows = old_scan_.only.size();
    const MergeTotals expected{.old_rows = rows, .new_rows = rows, .matched = rows, .changed = 1};
    const bool caught = rerun.planted && rerun.totals == expected && rerun.evidence->cells_changed()[column] == 1 &&
                        rerun.evidence->cells_changed_total() == 1;
    const auto& name = clean_.mapping.columns[column].old_column.name;
    return {.planted = fmt::format("{} of one row of {} altered on the new side", printable(name), table()),
            .observed = observed(rerun),
            .caught = caught};
  }

  PlantedResult drop_row() {
    const Rerun rerun = merge({.kind = Tampering::Kind::drop_row, .row = any_row()});
    const std::uint64_t rows = old_scan_.only.size();
    const MergeTotals expected{.old_rows = rows, .new_rows = rows - 1, .matched = rows - 1, .missing = 1};
    return {.planted = fmt::format("one row of {} dropped on the new side", table()),
            .observed = observed(rerun),
            .caught = rerun.planted && rerun.totals == expected};
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

TableResult compare_table(stores::Store& old_store, stores::Store& new_store, const TableMapping& mapping,
                          const ComparisonOptions& options) {
  TableResult result{.mapping = mapping};
  const stores::ScanSpec old_scan = mapping.old_scan();
  const stores::ScanSpec new_scan = mapping.new_scan();
  MergeSpec spec = merge_spec(mapping, old_scan, new_scan, old_store, new_store);
  spec.on_progress = options.on_progress;
  auto evidence = std::make_shared<RowEvidence>(EvidenceContext{mapping, old_store, new_store, options.reproduce},
                                                options.sample, options.seed);
  // The new side first: a server sorts in its own process while the other side is prepared here.
  const auto new_rows = new_store.scan(new_scan);
  const auto old_rows = old_store.scan(old_scan);
  result.totals = merge_rows(*old_rows, *new_rows, spec, *evidence);
  result.evidence = std::move(evidence);
  return result;
}

PlantedResult plant_violations(stores::Store& old_store, stores::Store& new_store, const TableResult& clean,
                               const ComparisonOptions& options) {
  return ControlRun(old_store, new_store, clean, options).run();
}

}  // namespace sluice::migration
