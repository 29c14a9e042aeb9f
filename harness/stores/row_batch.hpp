#pragma once
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "harness/stores/value.hpp"

namespace sluice::stores {

/// Rows copied out of their cursor, for another thread. Its buffers are reused.
class RowBatch {
 public:
  void clear();
  /// The next cell of the row that end_row() ends; its bytes are copied.
  void add_cell(const RawCell& cell) {
    RawCell& kept = cells_.emplace_back(cell);
    const std::size_t size = cell.bytes.size();
    kept.bytes = {};
    if (size == 0) return;
    if (size > left_) add_chunk(size);
    std::memcpy(free_, cell.bytes.data(), size);
    kept.bytes = {free_, size};
    free_ += size;
    left_ -= size;
    bytes_ += size;
  }
  void end_row() { columns_ = cells_.size() / ++rows_; }
  void add(std::span<const RawCell> row) {
    for (const auto& cell : row) add_cell(cell);
    end_row();
  }
  /// Enough for one handover, in rows or in bytes: rows may be large.
  bool full() const { return rows_ >= most_rows || bytes_ >= most_bytes; }
  std::size_t size() const { return rows_; }
  /// Valid until the next clear(), or until another row is added.
  std::span<const RawCell> row(std::size_t index) const {
    return std::span(cells_).subspan(index * columns_, columns_);
  }

 private:
  static constexpr std::size_t most_rows = 1024;
  static constexpr std::size_t most_bytes = 256 * 1024;

  /// Makes room for `size` more bytes; what is there stays where it is, since cells point to it.
  void add_chunk(std::size_t size);

  std::vector<RawCell> cells_;
  std::vector<std::unique_ptr<char[]>> chunks_;  ///< the first, of most_bytes, is kept
  char* free_ = nullptr;
  std::size_t left_ = 0;
  std::size_t bytes_ = 0;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
};

}  // namespace sluice::stores
