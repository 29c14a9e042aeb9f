#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "harness/stores/sqlite_database.hpp"

namespace sluice::stores {

/// A second connection that reads the very snapshot of a first, so that two threads share the work of one table. SQLite
/// exports no snapshots; but where nobody wrote from before the first transaction began until after the second did,
/// both see the same.
class SqliteTwin {
 public:
  /// Before the first connection begins its transaction.
  SqliteTwin(std::string name, const std::filesystem::path& path, StoreOptions options);
  /// After it began, with its view of the file taken. False when somebody wrote in between: then the twin sees another
  /// snapshot, and is of no use.
  bool join();
  SqliteDatabase& database() { return database_; }

 private:
  /// Changes whenever another connection has committed.
  std::int64_t data_version();

  SqliteDatabase database_;
  std::int64_t before_;
};

}  // namespace sluice::stores
