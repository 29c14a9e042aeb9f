#include "harness/stores/sqlite_pages.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <string_view>
#include <vector>

namespace sluice::stores {

SqlitePages::SqlitePages(SqliteDatabase& database) {
  if (sqlite3_txn_state(database.handle(), "main") != SQLITE_TXN_READ) throw UnusualFile("there is no snapshot");
  sqlite3_vfs* system = nullptr;
  sqlite3_file_control(database.handle(), "main", SQLITE_FCNTL_VFS_POINTER, &system);
  // Others may take no locks, or store something else than pages.
  if (system == nullptr || std::string_view(system->zName) != "unix") throw UnusualFile("it is no plain file");
  sqlite3_file_control(database.handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file_);
  if (file_ == nullptr || file_->pMethods == nullptr) throw UnusualFile("it is not open");
  require_file_alone(database);
  read_header();
}

void SqlitePages::require_file_alone(SqliteDatabase& database) {
  SqliteStatement statement(database, "PRAGMA journal_mode", "looking at its journal");
  const std::string mode = statement.step() ? statement.text(0) : "";
  if (mode == "delete" || mode == "truncate" || mode == "persist") return;
  if (mode != "wal") throw UnusualFile("its journal mode is " + mode);
  // The connection's own, not what has its name now.
  sqlite3_file* log = nullptr;
  sqlite3_file_control(database.handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  sqlite3_int64 bytes = 0;
  if (log == nullptr || log->pMethods == nullptr || log->pMethods->xFileSize(log, &bytes) != SQLITE_OK) {
    throw UnusualFile("its write-ahead log cannot be looked at");
  }
  if (bytes != 0) throw UnusualFile("its write-ahead log is not empty");
}

// sqlite.org/fileformat2.html, "The Database Header".
void SqlitePages::read_header() {
  std::array<char, 100> header;
  if (file_->pMethods->xRead(file_, header.data(), header.size(), 0) != SQLITE_OK)
    throw UnusualFile("it has no header");
  const auto byte = [&](std::size_t i) { return std::uint32_t{static_cast<unsigned char>(header[i])}; };
  if (std::string_view(header.data(), 16) != std::string_view("SQLite format 3\0", 16)) throw UnusualFile("no header");
  size_ = byte(16) << 8 | byte(17);
  if (size_ == 1) size_ = 65536;
  if (size_ < 512 || !std::has_single_bit(size_)) throw UnusualFile("pages of no known size");
  usable_ = size_ - byte(20);
  constexpr std::uint32_t least_usable = 480;
  if (usable_ < least_usable) throw UnusualFile("pages of no known size");
  if (byte(21) != 64 || byte(22) != 32 || byte(23) != 32) throw UnusualFile("payload fractions that nobody writes");
  const std::uint32_t encoding = byte(56) << 24 | byte(57) << 16 | byte(58) << 8 | byte(59);
  if (encoding != 1) throw UnusualFile("its texts are not UTF-8");
  sqlite3_int64 bytes = 0;
  if (file_->pMethods->xFileSize(file_, &bytes) != SQLITE_OK) throw UnusualFile("its size is not known");
  if (bytes / size_ > std::numeric_limits<std::uint32_t>::max()) throw UnusualFile("more pages than can be numbered");
  count_ = static_cast<std::uint32_t>(bytes / size_);
}

void SqlitePages::read(std::uint32_t first, std::uint32_t pages, char* room) const {
  if (first == 0 || first > count_ || pages > count_ - first + 1) throw UnusualFile("a page that the file has not");
  const auto bytes = static_cast<int>(pages * size_);
  if (file_->pMethods->xRead(file_, room, bytes, std::int64_t{first - 1} * size_) != SQLITE_OK) {
    throw UnusualFile("a page cannot be read");
  }
}

bool same_pages(SqliteDatabase& left, SqliteDatabase& right) {
  constexpr std::uint32_t room = 1 << 18;  // bytes
  try {
    const SqlitePages one(left), other(right);
    if (one.size() != other.size() || one.count() != other.count()) return false;
    std::vector<char> here(room), there(room);
    const std::uint32_t at_once = room / one.size();
    for (std::uint32_t page = 1; page <= one.count();) {
      const std::uint32_t pages = std::min(at_once, one.count() - page + 1);
      one.read(page, pages, here.data());
      other.read(page, pages, there.data());
      if (std::memcmp(here.data(), there.data(), std::size_t{pages} * one.size()) != 0) return false;
      page += pages;
    }
    return true;
  } catch (const UnusualFile&) {
    return false;
  }
}

}  // namespace sluice::stores
