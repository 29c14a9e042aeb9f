#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::stores {

/// One cell as a store handed it over, before any interpretation. `bytes` belongs to the cursor and lives until its
/// next row.
struct RawCell {
  enum class Storage : std::uint8_t { null, integer, real, text, blob };
  Storage storage = Storage::null;
  std::int64_t integer = 0;
  double real = 0;
  std::string_view bytes;

  bool is_null() const { return storage == Storage::null; }
  static RawCell of_null() { return {}; }
  static RawCell of_integer(std::int64_t value) { return {.storage = Storage::integer, .integer = value}; }
  static RawCell of_real(double value) { return {.storage = Storage::real, .real = value}; }
  static RawCell of_text(std::string_view value) { return {.storage = Storage::text, .bytes = value}; }
  static RawCell of_blob(std::string_view value) { return {.storage = Storage::blob, .bytes = value}; }
};

using RawRow = std::vector<RawCell>;

/// A cell that owns its bytes, for the few that outlive their cursor.
struct OwnedCell {
  RawCell cell;
  std::string bytes;

  OwnedCell() = default;
  explicit OwnedCell(const RawCell& raw) : cell(raw), bytes(raw.bytes) { cell.bytes = {}; }
  RawCell view() const {
    RawCell copy = cell;
    copy.bytes = bytes;
    return copy;
  }
};

using OwnedRow = std::vector<OwnedCell>;

/// Copies the first `count` cells of `row`.
OwnedRow own(const RawRow& row, std::size_t count);

/// For people: text as it is with control characters escaped, blobs as x'0F', NULL as "NULL". At most about `limit`
/// bytes.
std::string printable_cell(const RawCell& cell, std::size_t limit = 400);

/// The shortest text that reads back as the same double.
std::string shortest(double value);

/// Lower-case hexadecimal digits of `bytes`.
std::string hexadecimal(std::string_view bytes);

/// Rows, one at a time.
class RowCursor {
 public:
  virtual ~RowCursor() = default;
  /// Fills `row` (its cells are valid until the next call) and returns true; false after the last row. Throws
  /// EnvironmentError when the store fails on the way: an end is only reported when the store said so itself.
  virtual bool next(RawRow& row) = 0;
};

}  // namespace sluice::stores
