#pragma once
#include <utility>
#include <vector>

#include "harness/stores/store.hpp"

namespace sluice::migration::testing {

/// Rows in memory. As a real cursor does, it takes the last row's bytes back at the next one.
class MemoryCursor final : public stores::RowCursor {
 public:
  explicit MemoryCursor(std::vector<stores::OwnedRow> rows) : rows_(std::move(rows)) {}
  bool next(stores::RawRow& row) override {
    if (position_ > 0) {
      for (auto& cell : rows_[position_ - 1]) cell.bytes.assign(cell.bytes.size(), '#');
    }
    if (position_ == rows_.size()) return false;
    row.clear();
    for (const auto& cell : rows_[position_]) row.push_back(cell.view());
    ++position_;
    return true;
  }

 private:
  std::vector<stores::OwnedRow> rows_;
  std::size_t position_ = 0;
};

}  // namespace sluice::migration::testing
