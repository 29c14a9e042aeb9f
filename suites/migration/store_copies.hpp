#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/core/check.hpp"
#include "harness/net/postgres_proxy.hpp"
#include "harness/stores/store.hpp"

namespace sluice::migration {

/// A PostgreSQL store's URL, taken apart as far as copies of it need.
struct PostgresUrl {
  std::string text;      ///< as it was written
  std::string before;    ///< "postgresql://user:password@"
  std::string location;  ///< "%2Ftmp%2Fcluster:5432", "db.example:5432"
  std::string after;     ///< "?sslmode=disable", or empty
  std::string database;  ///< decoded
  net::PostgresAddress server;

  /// Throws InputError when the URL has no database, several hosts, or is none.
  static PostgresUrl parse(const std::string& url);
  /// The same with another database.
  std::string with_database(const std::string& name) const;
};

/// Private copies of the stores, made from one base that is taken at construction, so that all start alike. PostgreSQL
/// copies are databases of the same server (`sluice_copy_…`), SQLite copies are files in the check's work folder. All
/// are gone with this object; it outlives its copies. Copies may be made from several threads.
class StoreCopies {
 public:
  /// Both sides' copies. Two sides with the same URL share one.
  class Copy {
   public:
    ~Copy();
    Copy(const Copy&) = delete;
    Copy& operator=(const Copy&) = delete;

    /// side -> URL of its copy, ready for open_store().
    const std::map<std::string, std::string>& urls() const { return urls_; }
    /// Database of the original -> database of the copy.
    const std::map<std::string, std::string>& databases() const { return databases_; }
    /// Path of an SQLite original, as its URL writes it -> path of the copy.
    const std::map<std::string, std::string>& files() const { return files_; }

   private:
    friend class StoreCopies;
    explicit Copy(const StoreCopies& owner) : owner_(owner) {}
    const StoreCopies& owner_;
    std::map<std::string, std::string> urls_;
    std::map<std::string, std::string> databases_;
    std::map<std::string, std::string> files_;
  };

  /// Copies the stores `old` and `new` of the plan, or the one that there is. Throws InputError when there is none, and
  /// EnvironmentError when a store cannot be copied. A database that others are connected to is copied by pg_dump, as
  /// PostgreSQL does not take it as a template.
  StoreCopies(const CheckContext& context, stores::StoreOptions options);
  ~StoreCopies();
  StoreCopies(const StoreCopies&) = delete;
  StoreCopies& operator=(const StoreCopies&) = delete;

  std::unique_ptr<Copy> make();
  /// The stores that are PostgreSQL's, one for each database.
  const std::vector<PostgresUrl>& postgres() const { return postgres_; }
  const stores::StoreOptions& options() const { return options_; }

 private:
  struct Base {
    std::string url;                  ///< of the original
    std::optional<PostgresUrl> from;  ///< when it is PostgreSQL's
    std::string database;             ///< the base's, likewise
    std::filesystem::path file;       ///< of the base, when it is SQLite's
  };
  void copy_postgres(Base& base, const std::string& name) const;
  void dump_and_restore(const PostgresUrl& from, const std::string& name) const;
  void copy_sqlite(const std::string& path, const std::filesystem::path& to) const;
  void drop_database(const PostgresUrl& server, const std::string& name) const noexcept;
  std::string fresh_name();

  stores::StoreOptions options_;
  std::filesystem::path work_;
  std::map<std::string, std::size_t> sides_;  ///< side -> index in bases_
  std::vector<Base> bases_;
  std::vector<PostgresUrl> postgres_;
};

/// An administrator's URL of the server of `url`: its database `postgres`.
std::string maintenance_url(const PostgresUrl& url);

}  // namespace sluice::migration
