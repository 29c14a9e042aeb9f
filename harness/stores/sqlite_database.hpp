#pragma once
#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "harness/stores/store.hpp"

namespace sluice::stores {

/// A connection to one SQLite file, read-only unless asked otherwise, with its time-outs and cancellation; for one
/// thread.
class SqliteDatabase {
 public:
  /// Throws EnvironmentError when the file is missing, unreadable or not a database.
  SqliteDatabase(std::string name, const std::filesystem::path& path, StoreOptions options, bool writable = false);
  // The progress handler holds this object's address.
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  sqlite3* handle() const { return handle_.get(); }
  const std::string& name() const { return name_; }
  void execute(const std::string& sql, const std::string& doing);
  /// Restarts the clock of statement_timeout.
  void start_statement();
  /// For work on the file outside of statements: throws what a statement would end with, when it is cancelled or took
  /// too long.
  void keep_going(const std::string& doing);
  /// Throws what the failed call's `code` means: Cancelled, InputError for wrong SQL, otherwise EnvironmentError. The
  /// message says what was being done ("reading captures").
  [[noreturn]] void fail(int code, const std::string& doing) const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  static int on_progress(void* self);

  std::string name_;
  StoreOptions options_;
  std::chrono::steady_clock::time_point deadline_{};
  bool timed_out_ = false;
  std::unique_ptr<sqlite3, Close> handle_;
};

/// A prepared statement; parameters count from 1, columns from 0.
class SqliteStatement {
 public:
  /// `sql` must be one statement. The database outlives the statement.
  SqliteStatement(SqliteDatabase& database, const std::string& sql, std::string doing);
  void bind(int index, const RawCell& value);
  bool step();
  RawCell cell(int column) const;
  sqlite3_stmt* handle() const { return handle_.get(); }
  /// Copied out; empty for NULL.
  std::string text(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
  };
  SqliteDatabase& database_;
  std::string doing_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

}  // namespace sluice::stores
