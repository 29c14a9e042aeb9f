#include "suites/migration/rows/row_merge.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/handover.hpp"
#include "harness/stores/row_batch.hpp"

namespace sluice::migration {
namespace {

using stores::CanonicalRow;
using stores::Hazard;
using stores::RawRow;
using stores::RowCursor;

constexpr std::uint64_t rows_between_looks = 4096;

/// Some rows of one side, raw and encoded, and what was unsound in them.
struct EncodedRows {
  struct Found {
    std::size_t row;
    std::size_t column;
    Hazard hazard;
  };
  stores::RowBatch rows;
  std::vector<CanonicalRow> encoded;  ///< at least as many as rows
  std::vector<Found> hazards;         ///< by row

  void clear() {
    rows.clear();
    hazards.clear();
  }
};

/// One side of the merge: read and encoded ahead on a thread of its own, with the proof that its keys only ever grow.
class Side {
 public:
  /// The cursor is that thread's until the end.
  Side(RowCursor& cursor, const MergeSpec& spec, bool old) : cursor_(cursor), spec_(spec), old_(old) {
    for (const auto& column : spec.columns) {
      rules_.push_back(old ? column.old_rule : column.new_rule);
      names_.push_back(old ? column.old_name : column.new_name);
    }
    key_names_.assign(names_.begin(), names_.begin() + static_cast<std::ptrdiff_t>(spec.key_columns));
    thread_ = std::thread([this] { read(); });
  }
  // Waits for the row that the thread reads at that moment.
  ~Side() {
    handover_.close();
    thread_.join();
  }
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  /// Moves to the next row; false at the end. Throws what the reading threw.
  template <typename OnHazard>
  bool advance(OnHazard&& on_hazard) {
    if (batch_ && ++index_ == batch_->rows.size()) handover_.give_back(std::move(batch_));
    if (!batch_) {
      batch_ = handover_.take();
      index_ = next_hazard_ = 0;
    }
    if (!batch_) return false;
    ++rows_;
    const auto cells = batch_->rows.row(index_);
    row_.assign(cells.begin(), cells.end());
    for (; next_hazard_ < batch_->hazards.size() && batch_->hazards[next_hazard_].row == index_; ++next_hazard_) {
      on_hazard(batch_->hazards[next_hazard_].column, batch_->hazards[next_hazard_].hazard, row_);
    }
    return true;
  }

  bool has_null_key() const { return has_null_key(canonical()); }
  const RawRow& row() const { return row_; }
  const CanonicalRow& canonical() const { return batch_->encoded[index_]; }
  const stores::ColumnRule& rule(std::size_t column) const { return rules_[column]; }
  std::uint64_t rows() const { return rows_; }

 private:
  const std::string& table() const { return old_ ? spec_.old_table : spec_.new_table; }

  bool has_null_key(const CanonicalRow& encoded) const {
    if (spec_.nulls_match) return false;
    for (std::size_t i = 0; i < spec_.key_columns; ++i) {
      if (stores::is_null_encoding(encoded.cell(i))) return true;
    }
    return false;
  }

  // The other thread, from here to the end of the private functions.
  void read() {
    try {
      auto batch = handover_.blank();
      CanonicalRow previous;
      stores::OwnedRow previous_key;
      RawRow row;
      std::uint64_t rows = 0;
      batch->clear();
      while (cursor_.next(row)) {
        CanonicalRow& encoded = encode(row, *batch);
        if (++rows > 1) check_order(previous, previous_key, encoded, row);
        previous.assign_prefix(encoded, spec_.key_columns);
        remember_key(row, previous_key);
        batch->rows.add(row);
        if (!batch->rows.full()) continue;
        if (!handover_.give(std::move(batch))) return;
        batch = handover_.blank();
        batch->clear();
      }
      if (batch->rows.size() > 0) handover_.give(std::move(batch));
      handover_.finish();
    } catch (...) {
      handover_.finish(std::current_exception());
    }
  }

  CanonicalRow& encode(const RawRow& row, EncodedRows& batch) const {
    if (row.size() != rules_.size()) {
      throw EnvironmentError(
          fmt::format("{} gave a row of {} columns where {} were asked for", table(), row.size(), rules_.size()));
    }
    const std::size_t index = batch.rows.size();
    if (batch.encoded.size() == index) batch.encoded.emplace_back();
    batch.encoded[index].encode_quickly(row, rules_, spec_.key_columns, [&](std::size_t column, Hazard hazard) {
      batch.hazards.push_back({index, column, hazard});
    });
    return batch.encoded[index];
  }

  void check_order(const CanonicalRow& previous, const stores::OwnedRow& previous_key, const CanonicalRow& encoded,
                   const RawRow& row) const {
    const int order = previous.compare_prefix(encoded, spec_.key_columns);
    if (order < 0 || (order == 0 && has_null_key(encoded))) return;  // NULL equals nothing, so it cannot repeat
    RawRow before;
    for (const auto& cell : previous_key) before.push_back(cell.view());
    const std::string key = printable_key(row, key_names_), key_before = printable_key(before, key_names_);
    if (order == 0) {
      throw KeyNotUnique(fmt::format("the key of {} is not unique: {} comes right after {}; name a unique key {}",
                                     table(), key, key_before, spec_.command_line ? "with --key" : "in `key`"));
    }
    throw EnvironmentError(fmt::format(
        "{} does not come in key order: {} comes right after {}; its column may hold values of several "
        "types, {}",
        table(), key, key_before, spec_.command_line ? "name another key with --key" : "set `types` for the key"));
  }

  // The cursor takes the bytes back; the strings keep their memory from row to row.
  void remember_key(const RawRow& row, stores::OwnedRow& key) const {
    key.resize(spec_.key_columns);
    for (std::size_t i = 0; i < spec_.key_columns; ++i) {
      key[i].bytes.assign(row[i].bytes);
      key[i].cell = row[i];
      key[i].cell.bytes = {};
    }
  }

  RowCursor& cursor_;
  const MergeSpec& spec_;
  bool old_;
  std::vector<stores::ColumnRule> rules_;
  std::vector<std::string> names_;
  std::vector<std::string> key_names_;
  stores::Handover<EncodedRows> handover_;
  std::unique_ptr<EncodedRows> batch_;
  std::size_t index_ = 0;  // in batch_
  std::size_t next_hazard_ = 0;
  RawRow row_;
  std::uint64_t rows_ = 0;
  std::thread thread_;
};

class Merge {
 public:
  Merge(RowCursor& old_rows, RowCursor& new_rows, const MergeSpec& spec, MergeObserver& observer)
      : spec_(spec), observer_(observer), old_(old_rows, spec, true), new_(new_rows, spec, false) {}

  MergeTotals run() {
    bool old_here = next_old();
    bool new_here = next_new();
    while (old_here || new_here) {
      const int order = !old_here ? 1 : !new_here ? -1 : compare_keys();
      if (order < 0) {
        take_missing();
        old_here = next_old();
      } else if (order > 0) {
        ++totals_.extra;
        observer_.extra(new_.row());
        new_here = next_new();
      } else {
        take_matched();
        old_here = next_old();
        new_here = next_new();
      }
    }
    totals_.old_rows = old_.rows();
    totals_.new_rows = new_.rows();
    if (spec_.on_progress) spec_.on_progress(std::max(totals_.old_rows, totals_.new_rows));
    return totals_;
  }

 private:
  bool next_old() {
    if (spec_.on_progress && old_.rows() % rows_between_looks == 0) spec_.on_progress(old_.rows());
    return old_.advance(
        [this](std::size_t column, Hazard hazard, const RawRow& row) { observer_.hazard(column, hazard, row); });
  }
  bool next_new() {
    if (spec_.on_progress && new_.rows() % rows_between_looks == 0)
      spec_.on_progress(std::max(old_.rows(), new_.rows()));
    return new_.advance([](std::size_t, Hazard, const RawRow&) {});
  }

  int compare_keys() const {
    const int order = old_.canonical().compare_prefix(new_.canonical(), spec_.key_columns);
    return order == 0 && old_.has_null_key() ? -1 : order;  // old first, then new: each stands alone
  }

  void take_missing() {
    ++totals_.missing;
    if (old_.has_null_key()) observer_.null_key(old_.row());
    observer_.missing(old_.row());
  }

  void take_matched() {
    ++totals_.matched;
    observer_.matched(old_.row(), new_.row());
    if (old_.canonical() == new_.canonical()) return;
    differing_.clear();
    for (std::size_t i = spec_.key_columns; i < spec_.columns.size(); ++i) {
      if (old_.canonical().cell(i) == new_.canonical().cell(i) || !differs(i)) continue;
      if (is_tolerated(i))
        observer_.tolerated(old_.row(), new_.row(), i);
      else
        differing_.push_back(i);
    }
    if (differing_.empty()) return;
    ++totals_.changed;
    observer_.changed(old_.row(), new_.row(), differing_);
  }

  bool is_tolerated(std::size_t column) const {
    const MergeColumn& rules = spec_.columns[column];
    return rules.tolerance &&
           rules.tolerance->allows(old_.row()[column], rules.old_rule, new_.row()[column], rules.new_rule);
  }

  // Of JSON only the full reader knows: what was encoded quickly may differ in spelling alone.
  bool differs(std::size_t column) const {
    const auto& old_rule = old_.rule(column);
    const auto& new_rule = new_.rule(column);
    if (old_rule.type != stores::ComparisonType::json || new_rule.type != stores::ComparisonType::json) return true;
    std::string old_value, new_value;
    stores::append_canonical(old_.row()[column], old_rule, old_value);
    stores::append_canonical(new_.row()[column], new_rule, new_value);
    return old_value != new_value;
  }

  const MergeSpec& spec_;
  MergeObserver& observer_;
  Side old_;
  Side new_;
  MergeTotals totals_;
  std::vector<std::size_t> differing_;
};

}  // namespace

MergeTotals merge_rows(RowCursor& old_rows, RowCursor& new_rows, const MergeSpec& spec, MergeObserver& observer) {
  return Merge(old_rows, new_rows, spec, observer).run();
}

std::string printable_key(const RawRow& row, const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += fmt::format("{}{}={}", i == 0 ? "" : ", ", printable(names[i], 100), stores::printable_cell(row[i], 120));
  }
  return text;
}

}  // namespace sluice::migration
