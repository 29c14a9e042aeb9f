#pragma once
#include <cstddef>
#include <string>
#include <utility>

#include "harness/stores/sqlite_database.hpp"
#include "harness/stores/value.hpp"

namespace sluice::stores {

/// The rows of one statement on a SQLite file. The database outlives the cursor.
class SqliteCursor final : public RowCursor {
 public:
  /// `doing` is for errors: "reading table captures".
  SqliteCursor(SqliteDatabase& database, const std::string& sql, std::size_t columns, std::string doing)
      : statement_(database, sql, std::move(doing)), columns_(columns) {}

  /// Parameters count from 1; before the first row.
  void bind(int index, const RawCell& value) { statement_.bind(index, value); }
  bool next(RawRow& row) override {
    if (!statement_.step()) return false;
    row.resize(columns_);
    for (std::size_t i = 0; i < columns_; ++i) row[i] = statement_.cell(static_cast<int>(i));
    return true;
  }

 private:
  SqliteStatement statement_;
  std::size_t columns_;
};

}  // namespace sluice::stores
