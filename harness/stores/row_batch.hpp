#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "harness/stores/value.hpp"

namespace sluice::stores {

/// Rows copied out of their cursor, for another thread. Its buffers are reused.
class RowBatch {
 public:
  void clear();
  void add(std::span<const RawCell> row);
  /// Enough for one handover, in rows or in bytes: rows may be large.
  bool full() const { return rows_ >= most_rows || bytes_.size() >= most_bytes; }
  std::size_t size() const { return rows_; }
  /// Fills `row`; its cells are valid until the next add() or clear().
  void row(std::size_t index, RawRow& row) const;

 private:
  static constexpr std::size_t most_rows = 1024;
  static constexpr std::size_t most_bytes = 256 * 1024;

  struct Cell {
    RawCell cell;
    std::size_t begin = 0;
  };
  std::vector<Cell> cells_;
  std::string bytes_;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
};

}  // namespace sluice::stores
