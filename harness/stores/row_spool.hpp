#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/stores/canonical.hpp"
#include "harness/stores/sqlite_database.hpp"
#include "harness/stores/value.hpp"

namespace sluice::stores {

/// Rows put aside on disk and given back in another order, in constant memory: for what no store can sort as the
/// comparison needs it. Nothing of it is left whatever happens. For one thread.
class RowSpool {
 public:
  /// A file in `folder`, which exists. `rules` are those of the columns; `options` bound and cancel the sorting. Throws
  /// EnvironmentError when there is no room.
  RowSpool(const std::filesystem::path& folder, std::vector<ColumnRule> rules, const StoreOptions& options);

  void add(const RawRow& row);
  std::uint64_t rows() const { return rows_; }
  /// All rows in the order of the canonical encodings of the first `key_columns` columns, cell by cell. The cursor must
  /// not outlive the spool, to which nothing is added any more.
  std::unique_ptr<RowCursor> sorted(std::size_t key_columns);

 private:
  std::unique_ptr<SqliteDatabase> database_;
  std::vector<ColumnRule> rules_;
  std::unique_ptr<SqliteStatement> insert_;
  std::string encoding_;
  std::uint64_t rows_ = 0;
};

}  // namespace sluice::stores
