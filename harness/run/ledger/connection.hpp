#pragma once
#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>

#include "harness/core/errors.hpp"
#include "harness/run/ledger/rows.hpp"

namespace sluice::ledger {

/// The ledger cannot be used: not writable, full disk, damaged, of a newer version. The message names the file and what
/// to do.
class LedgerError : public EnvironmentError {
 public:
  using EnvironmentError::EnvironmentError;
};

enum class Access { read, write };

/// A connection to the ledger's SQLite file; for one thread. Waits up to half a minute for another process's
/// transaction. What was committed through it survives a crash of the machine.
class Connection {
 public:
  /// Access::write creates the file; Access::read never changes anything. Throws LedgerError.
  Connection(std::filesystem::path path, Access access);
  /// Statements without results, separated by semicolons. Throws LedgerError.
  void execute(const std::string& sql);
  /// The first column of the first row, as text; empty when there is none.
  std::string ask(const std::string& sql);
  [[noreturn]] void fail(int code) const;

  sqlite3* handle() const { return handle_.get(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  void open(const std::string& name, int flags);

  std::filesystem::path path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

/// A prepared statement; parameters count from 1, columns from 0. The connection outlives it.
class Statement {
 public:
  Statement(Connection& connection, const std::string& sql);
  void bind(int index, const Cell& value);
  /// Whether there is a row.
  bool step();
  void reset() { sqlite3_reset(handle_.get()); }
  Cell cell(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
  };
  Connection& connection_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

/// Begun at construction; undone at destruction unless commit() returned.
class Transaction {
 public:
  /// `kind`: "IMMEDIATE" takes the right to write at once, "DEFERRED" reads one state of the file.
  Transaction(Connection& connection, const std::string& kind);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Connection& connection_;
  bool open_ = true;
};

}  // namespace sluice::ledger
