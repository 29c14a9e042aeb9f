#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/stores/sqlite_database.hpp"
#include "harness/stores/value.hpp"

namespace sluice::stores {

/// A variable-length integer of SQLite's at `at`, which moves behind it; throws UnusualFile when it does not end before
/// `end`.
std::uint64_t read_long_varint(const char*& at, const char* end);
inline std::uint64_t read_varint(const char*& at, const char* end) {
  if (at < end && static_cast<unsigned char>(*at) < 0x80) return static_cast<unsigned char>(*at++);  // nearly all
  return read_long_varint(at, end);
}

/// Where the columns that are asked for lie in a table's records.
class SqliteRecord {
 public:
  /// Of an ordinary table. Throws UnusualFile for what is none, for one without rowids and for computed columns.
  SqliteRecord(SqliteDatabase& database, const std::string& table, const std::vector<std::string>& columns);

  /// Takes one record apart; the cells of `row`, as many as columns, point into it. Throws UnusualFile for what cannot
  /// be a whole record: one of before a column was added has fewer cells than the table.
  void read(std::string_view record, std::int64_t rowid, RawRow& row) const;
  std::uint32_t root() const { return root_; }  ///< page of the table's tree

 private:
  /// One of a record's cells.
  struct Field {
    static constexpr std::size_t unwanted = static_cast<std::size_t>(-1);
    std::size_t column = unwanted;  ///< of those asked for
    bool rowid = false;             ///< another name of the rowid; the record holds NULL
    bool real = false;              ///< whole numbers are stored short
  };

  std::uint32_t root_ = 0;
  std::vector<Field> fields_;  // in the record's order, up to the last that is asked for
};

}  // namespace sluice::stores
