#include "harness/stores/row_batch.hpp"

#include <algorithm>

namespace sluice::stores {

void RowBatch::clear() {
  cells_.clear();
  bytes_ = rows_ = 0;
  if (chunks_.empty()) return;
  chunks_.resize(1);
  free_ = chunks_.front().get();
  left_ = most_bytes;
}

void RowBatch::add_chunk(std::size_t size) {
  // The first is of the usual size whatever the cell's, so that clear() knows it.
  if (chunks_.empty()) {
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(most_bytes));
    free_ = chunks_.front().get();
    left_ = most_bytes;
    if (size <= left_) return;
  }
  left_ = std::max(size, most_bytes);
  chunks_.push_back(std::make_unique_for_overwrite<char[]>(left_));
  free_ = chunks_.back().get();
}

}  // namespace sluice::stores
