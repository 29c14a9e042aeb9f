#include "harness/testing/sqlite_file.hpp"

#include <sqlite3.h>

#include <stdexcept>
#include <utility>

namespace sluice::testing {

void SqliteFile::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

SqliteFile::SqliteFile(std::filesystem::path path) : path_(std::move(path)) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open(path_.c_str(), &handle);
  handle_.reset(handle);
  if (code != SQLITE_OK) throw std::runtime_error("cannot open " + path_.string());
}

void SqliteFile::execute(const std::string& sql) const {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    throw std::runtime_error(sqlite3_errmsg(handle_.get()));
  }
}

}  // namespace sluice::testing
