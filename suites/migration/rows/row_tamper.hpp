#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/stores/canonical.hpp"
#include "harness/stores/value.hpp"
#include "suites/migration/rows/tolerance.hpp"

namespace sluice::migration {

/// A violation that a control plants: one cell altered, one row dropped, or one row added that the other side lacks.
struct Tampering {
  enum class Kind { alter_cell, drop_row, add_row };
  Kind kind = Kind::alter_cell;
  std::uint64_t row = 0;                                 ///< which row of the cursor, counted from 0
  std::size_t column = 0;                                ///< alter_cell only
  std::shared_ptr<const Tolerance> tolerance = nullptr;  ///< of that column: the alteration goes beyond it
};

/// Another value for `cell` that is really another value as `rule` and the tolerance compare it, and one that the type
/// can represent where that is possible.
stores::OwnedCell altered(const stores::RawCell& cell, const stores::ColumnRule& rule,
                          const Tolerance* tolerance = nullptr);

/// A row of values that are valid for `rules`, for a table that has none.
stores::OwnedRow invented_row(const std::vector<stores::ColumnRule>& rules);

/// Passes the rows of another cursor through, with one violation. With add_row the invented row comes after the last.
class TamperingCursor final : public stores::RowCursor {
 public:
  TamperingCursor(stores::RowCursor& inner, std::vector<stores::ColumnRule> rules, Tampering tampering);
  bool next(stores::RawRow& row) override;
  /// Whether the violation was really planted: the cursor got as far as that row.
  bool planted() const { return planted_; }
  /// The row that was altered or dropped, as it was; empty before.
  const stores::OwnedRow& original() const { return original_; }
  /// The value that was planted.
  const stores::OwnedCell& cell() const { return cell_; }

 private:
  stores::RowCursor& inner_;
  std::vector<stores::ColumnRule> rules_;
  Tampering tampering_;
  std::uint64_t position_ = 0;
  bool planted_ = false;
  stores::OwnedRow original_;
  stores::OwnedCell cell_;
  stores::OwnedRow added_;
};

}  // namespace sluice::migration
