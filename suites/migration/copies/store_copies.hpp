#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/core/check.hpp"
#include "harness/stores/postgres_clone.hpp"
#include "harness/stores/store.hpp"
#include "suites/migration/copies/postgres_url.hpp"

namespace sluice::migration {

/// One store and the copy of it.
struct CopiedStore {
  std::vector<std::string> sides;       ///< that have it
  std::string url;                      ///< of the original, as the plan has it
  std::optional<PostgresUrl> postgres;  ///< of the original, when it is PostgreSQL's
  std::string copy;                     ///< the copy's database, or its file's path
};

/// Private copies of the stores, made from one base that is taken at construction, so that all start alike. PostgreSQL
/// copies are clones of databases on the same server, SQLite copies are files in the check's work folder. All are gone
/// with this object; it outlives its copies. Copies may be made from several threads.
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
    const std::vector<CopiedStore>& copied() const { return copied_; }

   private:
    friend class StoreCopies;
    Copy() = default;
    std::map<std::string, std::string> urls_;
    std::vector<CopiedStore> copied_;
    std::vector<std::unique_ptr<stores::PostgresClone>> clones_;
  };

  /// Copies the stores `old` and `new` of the plan, or the one that there is. Throws InputError when there is none, and
  /// EnvironmentError when a store cannot be copied. A database that others are connected to is copied by pg_dump, as
  /// PostgreSQL does not take it as a template.
  StoreCopies(const CheckContext& context, stores::StoreOptions options);
  ~StoreCopies();
  StoreCopies(const StoreCopies&) = delete;
  StoreCopies& operator=(const StoreCopies&) = delete;

  std::unique_ptr<Copy> make();
  /// What each copy starts as: side -> URL.
  std::map<std::string, std::string> base_urls() const;
  /// The schema of a side's store when it was copied, a line for each object; nullopt when there was no store yet.
  const std::optional<std::set<std::string>>& schema(const std::string& side) const;
  /// What a side's server had then beside the databases: StoreObjects::server.
  const std::set<std::string>& server(const std::string& side) const;
  /// The stores that are PostgreSQL's, one for each database.
  const std::vector<PostgresUrl>& postgres() const { return postgres_; }
  const stores::StoreOptions& options() const { return options_; }

 private:
  struct Base {
    std::string url;                  ///< of the original
    std::vector<std::string> sides;   ///< that have it
    std::optional<PostgresUrl> from;  ///< when it is PostgreSQL's
    std::unique_ptr<stores::PostgresClone> clone;
    std::filesystem::path file;                   ///< of the base, when it is SQLite's
    std::optional<std::set<std::string>> schema;  ///< of the original
    std::set<std::string> server;
  };
  void copy_postgres(Base& base) const;
  void copy_sqlite(const std::string& path, const std::filesystem::path& to) const;
  stores::CloneOptions clone_options() const;

  stores::StoreOptions options_;
  std::filesystem::path work_;
  std::map<std::string, std::size_t> sides_;  ///< side -> index in bases_
  std::vector<Base> bases_;
  std::vector<PostgresUrl> postgres_;
};

}  // namespace sluice::migration
