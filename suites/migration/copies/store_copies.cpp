#include "suites/migration/copies/store_copies.hpp"

#include <fmt/core.h>
#include <sqlite3.h>

#include <atomic>
#include <set>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/postgres_connection.hpp"
#include "harness/stores/sqlite_database.hpp"
#include "harness/stores/store_url.hpp"
#include "suites/migration/copies/postgres_dump.hpp"
#include "suites/migration/copies/store_objects.hpp"

namespace sluice::migration {
namespace {

namespace fs = std::filesystem;

struct CloseSqlite {
  void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};

std::string path_in(const std::string& url) { return url.substr(stores::sqlite_scheme.size()); }

// Copies of one check lie in one folder.
std::string fresh_file_name() {
  static std::atomic<std::uint64_t> count{0};
  return fmt::format("copy{}", ++count);
}

}  // namespace

StoreCopies::Copy::~Copy() {
  std::error_code ignored;
  for (const auto& store : copied_) {
    if (store.postgres) continue;
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove(store.copy + suffix, ignored);
  }
}

StoreCopies::StoreCopies(const CheckContext& context, stores::StoreOptions options)
    : options_(std::move(options)), work_(context.work / "copies") {
  if (context.stores.empty()) throw InputError("the plan has no `stores:`, so there is nothing to copy");
  fs::create_directories(work_);
  std::set<std::string> databases;
  for (const auto& [side, url] : context.stores) {
    std::size_t index = 0;
    while (index < bases_.size() && bases_[index].url != url) ++index;
    sides_[side] = index;
    if (index < bases_.size()) {
      bases_[index].sides.push_back(side);
      continue;
    }
    Base& base = bases_.emplace_back();
    base.url = url;
    base.sides = {side};
    if (url.starts_with(stores::sqlite_scheme)) {
      base.file = work_ / fmt::format("base{}", index);
      copy_sqlite(path_in(url), base.file);
      if (fs::exists(base.file)) base.schema = read_objects(url, options_).schema;
      continue;
    }
    base.from = PostgresUrl::parse(url);
    // The copies' proxy tells databases apart by their names.
    if (!databases.insert(base.from->database).second) {
      throw InputError(fmt::format("both stores are databases named {}; a check on copies needs two names",
                                   printable(base.from->database, 100)));
    }
    StoreObjects objects = read_objects(url, options_);
    base.schema = std::move(objects.schema);
    base.server = std::move(objects.server);
    copy_postgres(base);
    postgres_.push_back(*base.from);
  }
}

StoreCopies::~StoreCopies() {
  std::error_code ignored;
  for (const auto& base : bases_) {
    if (!base.file.empty()) fs::remove(base.file, ignored);
  }
}

stores::CloneOptions StoreCopies::clone_options() const {
  return {.sessions = stores::TemplateSessions::refuse, .connection = options_};
}

void StoreCopies::copy_postgres(Base& base) const {
  const auto sessions =
      stores::PostgresConnection(maintenance_url(*base.from), options_)
          .query("SELECT count(*)::text FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'",
                 {base.from->database}, "looking for sessions");
  if (sessions[0][0] == "0") {
    base.clone = std::make_unique<stores::PostgresClone>(base.url, clone_options());
    return;
  }
  base.clone = std::make_unique<stores::PostgresClone>(base.from->with_database("template0"), clone_options());
  dump_and_restore(*base.from, base.clone->database(), work_, options_.cancelled);
}

void StoreCopies::copy_sqlite(const std::string& path, const fs::path& to) const {
  const fs::path source = options_.directory / path;
  std::error_code ignored;
  if (!fs::exists(source, ignored)) return;  // the migration will make it
  stores::SqliteDatabase from(std::string(stores::sqlite_scheme) + path, source, options_);
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open(to.c_str(), &raw);
  const std::unique_ptr<sqlite3, CloseSqlite> target(raw);
  sqlite3_backup* backup = opened == SQLITE_OK ? sqlite3_backup_init(raw, "main", from.handle(), "main") : nullptr;
  if (backup == nullptr) {
    throw EnvironmentError(fmt::format("cannot copy {} to {}: {}", path, to.string(), sqlite3_errmsg(raw)));
  }
  const int stepped = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (stepped != SQLITE_DONE || finished != SQLITE_OK) {
    throw EnvironmentError(fmt::format("cannot copy {}: {}", path, sqlite3_errstr(finished)));
  }
}

std::map<std::string, std::string> StoreCopies::base_urls() const {
  std::map<std::string, std::string> urls;
  for (const auto& [side, index] : sides_) {
    const Base& base = bases_[index];
    urls[side] = base.clone ? base.clone->url() : std::string(stores::sqlite_scheme) + base.file.string();
  }
  return urls;
}

const std::set<std::string>& StoreCopies::server(const std::string& side) const {
  return bases_[sides_.at(side)].server;
}

const std::optional<std::set<std::string>>& StoreCopies::schema(const std::string& side) const {
  return bases_[sides_.at(side)].schema;
}

std::unique_ptr<StoreCopies::Copy> StoreCopies::make() {
  std::unique_ptr<Copy> copy(new Copy());
  std::vector<std::string> urls;
  for (const auto& base : bases_) {
    CopiedStore store{.sides = base.sides, .url = base.url, .postgres = base.from, .copy = {}};
    if (base.clone) {
      // A session that has just read the base may be about to leave.
      stores::CloneOptions options = clone_options();
      options.sessions = stores::TemplateSessions::wait;
      const auto& clone =
          copy->clones_.emplace_back(std::make_unique<stores::PostgresClone>(base.clone->url(), options));
      store.copy = clone->database();
      urls.push_back(clone->url());
    } else {
      const fs::path file = work_ / fresh_file_name();
      store.copy = file.string();
      if (fs::exists(base.file)) fs::copy_file(base.file, file);
      urls.push_back(std::string(stores::sqlite_scheme) + file.string());
    }
    copy->copied_.push_back(std::move(store));
  }
  for (const auto& [side, index] : sides_) copy->urls_[side] = urls[index];
  return copy;
}

}  // namespace sluice::migration
