#pragma once
#include <filesystem>
#include <memory>
#include <string>

struct sqlite3;

namespace sluice::testing {

/// A SQLite file that a test writes; the file itself belongs to the test's folder.
class SqliteFile {
 public:
  /// Opens or creates it.
  explicit SqliteFile(std::filesystem::path path);
  /// Runs statements separated by semicolons; throws std::runtime_error with SQLite's message.
  void execute(const std::string& sql) const;
  std::string url() const { return "sqlite:" + path_.string(); }
  const std::filesystem::path& path() const { return path_; }
  sqlite3* handle() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  std::filesystem::path path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace sluice::testing
