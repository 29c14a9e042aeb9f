#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>

#include "harness/stores/sqlite_database.hpp"

namespace sluice::stores {

/// Why a file cannot be read without SQLite's own code; no fault of the file's.
class UnusualFile : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The pages of a SQLite file as the transaction of one connection sees them, read through the connection's own file.
/// Pages are numbered from 1. For one thread, while the transaction lasts; the database outlives it.
///
/// The file alone is what the transaction sees, and stays so while it lasts, where the connection holds a lock to read
/// and either there is no write-ahead log (who changes the file needs an exclusive lock) or the log was empty after the
/// transaction began: had its snapshot needed the log, nobody could have emptied it since, and one that does without
/// the log keeps checkpoints from the file (sqlite.org/walformat.html, WAL_READ_LOCK(0)).
class SqlitePages {
 public:
  /// Throws UnusualFile where the file alone need not be what the transaction sees, or is laid out in a way that is not
  /// known here.
  explicit SqlitePages(SqliteDatabase& database);

  std::uint32_t size() const { return size_; }      ///< of a page, in bytes
  std::uint32_t usable() const { return usable_; }  ///< of a page, in bytes: what lies behind belongs to extensions
  std::uint32_t count() const { return count_; }
  /// Reads `pages` of them into `room`; throws UnusualFile where the file has none, or cannot be read.
  void read(std::uint32_t first, std::uint32_t pages, char* room) const;

 private:
  void read_header();
  static void require_file_alone(SqliteDatabase& database);

  sqlite3_file* file_ = nullptr;  // the connection's
  std::uint32_t size_ = 0;
  std::uint32_t usable_ = 0;
  std::uint32_t count_ = 0;
};

/// Whether what the transactions of both see is the same, page by page. False, too, where pages cannot be read so.
bool same_pages(SqliteDatabase& left, SqliteDatabase& right);

}  // namespace sluice::stores
