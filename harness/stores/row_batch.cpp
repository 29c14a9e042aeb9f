#include "harness/stores/row_batch.hpp"

namespace sluice::stores {

void RowBatch::clear() {
  cells_.clear();
  bytes_.clear();
  rows_ = 0;
}

void RowBatch::add(std::span<const RawCell> row) {
  columns_ = row.size();
  for (const auto& cell : row) {
    cells_.push_back({cell, bytes_.size()});
    bytes_ += cell.bytes;
  }
  ++rows_;
}

void RowBatch::row(std::size_t index, RawRow& row) const {
  row.resize(columns_);
  for (std::size_t i = 0; i < columns_; ++i) {
    const Cell& from = cells_[index * columns_ + i];
    row[i] = from.cell;
    row[i].bytes = std::string_view(bytes_).substr(from.begin, from.cell.bytes.size());
  }
}

}  // namespace sluice::stores
