#include "suites/migration/row_merge.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"

namespace sluice::migration {
namespace {

using stores::CanonicalRow;
using stores::Hazard;
using stores::RawRow;
using stores::RowCursor;

constexpr std::uint64_t rows_between_looks = 4096;

/// One side of the merge: its current row, raw and encoded, and the proof that its keys only ever grow.
class Side {
 public:
  Side(RowCursor& cursor, const MergeSpec& spec, bool old) : cursor_(cursor), spec_(spec), old_(old) {
    for (const auto& column : spec.columns) {
      rules_.push_back(old ? column.old_rule : column.new_rule);
      names_.push_back(old ? column.old_name : column.new_name);
    }
    key_names_.assign(names_.begin(), names_.begin() + static_cast<std::ptrdiff_t>(spec.key_columns));
  }

  /// Moves to the next row; false at the end.
  template <typename OnHazard>
  bool advance(OnHazard&& on_hazard) {
    previous_.swap(current_);
    remember_key();
    if (!cursor_.next(row_)) return false;
    if (row_.size() != rules_.size()) {
      throw EnvironmentError(
          fmt::format("{} gave a row of {} columns where {} were asked for", table(), row_.size(), rules_.size()));
    }
    current_.encode(row_, rules_, [&](std::size_t column, Hazard hazard) { on_hazard(column, hazard, row_); });
    if (++rows_ > 1) check_order();
    return true;
  }

  bool has_null_key() const {
    for (std::size_t i = 0; i < spec_.key_columns; ++i) {
      if (stores::is_null_encoding(current_.cell(i))) return true;
    }
    return false;
  }
  const RawRow& row() const { return row_; }
  const CanonicalRow& canonical() const { return current_; }
  std::uint64_t rows() const { return rows_; }

 private:
  const std::string& table() const { return old_ ? spec_.old_table : spec_.new_table; }

  void check_order() const {
    const int order = previous_.compare_prefix(current_, spec_.key_columns);
    if (order < 0 || (order == 0 && has_null_key())) return;  // NULL equals nothing, so it cannot repeat
    const std::string key = printable_key(row_, key_names_);
    if (order == 0) {
      throw InputError(fmt::format("the key of {} is not unique: {} comes right after {}; name a unique key in `key`",
                                   table(), key, previous_key()));
    }
    throw EnvironmentError(
        fmt::format("{} does not come in key order: {} comes right after {}; its column may hold values of several "
                    "types, set `types` for the key",
                    table(), key, previous_key()));
  }

  // Copies the key before the cursor takes its bytes back; the strings keep their memory from row to row.
  void remember_key() {
    previous_key_.resize(spec_.key_columns);
    for (std::size_t i = 0; i < spec_.key_columns && i < row_.size(); ++i) {
      previous_key_[i].bytes.assign(row_[i].bytes);
      previous_key_[i].cell = row_[i];
      previous_key_[i].cell.bytes = {};
    }
  }

  std::string previous_key() const {
    RawRow row;
    for (const auto& cell : previous_key_) row.push_back(cell.view());
    return printable_key(row, key_names_);
  }

  RowCursor& cursor_;
  const MergeSpec& spec_;
  bool old_;
  std::vector<stores::ColumnRule> rules_;
  std::vector<std::string> names_;
  std::vector<std::string> key_names_;
  RawRow row_;
  CanonicalRow current_;
  CanonicalRow previous_;
  stores::OwnedRow previous_key_;
  std::uint64_t rows_ = 0;
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
      if (old_.canonical().cell(i) != new_.canonical().cell(i)) differing_.push_back(i);
    }
    ++totals_.changed;
    observer_.changed(old_.row(), new_.row(), differing_);
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
