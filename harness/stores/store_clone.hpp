#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "harness/stores/postgres_clone.hpp"

namespace sluice::stores {

/// A private copy of a store as it is now, gone with this object: a database beside a PostgreSQL one, a file in
/// `folder` for SQLite. For one thread.
class StoreClone {
 public:
  /// `sessions` and `patience` of the options matter to PostgreSQL only. Throws InputError for a URL that is neither,
  /// EnvironmentError when the store cannot be copied (it says what right is missing or who holds it), Cancelled.
  StoreClone(const std::string& url, const std::filesystem::path& folder, const CloneOptions& options);
  ~StoreClone();
  StoreClone(const StoreClone&) = delete;
  StoreClone& operator=(const StoreClone&) = delete;

  /// Ready for open_store().
  const std::string& url() const { return url_; }

 private:
  void copy_sqlite(const std::filesystem::path& from, const CloneOptions& options);

  std::string url_;
  std::filesystem::path file_;  ///< SQLite's copy
  std::unique_ptr<PostgresClone> postgres_;
};

}  // namespace sluice::stores
