#include "harness/stores/store_clone.hpp"

#include <fmt/core.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/sqlite_database.hpp"
#include "harness/stores/store_url.hpp"

namespace sluice::stores {
namespace {

constexpr int pages_at_once = 2048;  // between two looks at a cancellation

// What else PostgreSQL wants, said where it says only that it wants something.
std::unique_ptr<PostgresClone> clone_postgres(const std::string& url, const CloneOptions& options) {
  const auto explain = [](const std::string& message) -> std::string {
    if (message.find("permission denied") == std::string::npos) return message;
    return message +
           "; to clone a database its role needs CREATEDB and must own the database, or be a superuser: ALTER ROLE … "
           "CREATEDB";
  };
  try {
    return std::make_unique<PostgresClone>(url, options);
  } catch (const EnvironmentError& error) {
    throw EnvironmentError(explain(error.what()));
  } catch (const InputError& error) {
    throw InputError(explain(error.what()));
  }
}

}  // namespace

StoreClone::StoreClone(const std::string& url, const std::filesystem::path& folder, const CloneOptions& options) {
  if (!url.starts_with(sqlite_scheme)) {
    postgres_ = clone_postgres(url, options);
    url_ = postgres_->url();
    return;
  }
  std::string name = (folder / "clone-XXXXXX").string();
  const int descriptor = mkstemp(name.data());
  if (descriptor < 0) throw EnvironmentError(fmt::format("{}: cannot make a file there for a clone", folder.string()));
  close(descriptor);
  file_ = name;
  url_ = "sqlite:" + name;
  const std::filesystem::path path = url.substr(sqlite_scheme.size());
  try {
    copy_sqlite(path.is_absolute() ? path : options.connection.directory / path, options);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
    throw;
  }
}

// The backup API sees one state of the file, whoever writes to it meanwhile, and what only its log holds.
void StoreClone::copy_sqlite(const std::filesystem::path& from, const CloneOptions& options) {
  SqliteDatabase source("sqlite:" + from.string(), from, options.connection);
  SqliteDatabase target("sqlite:" + file_.string(), file_, options.connection, true);
  source.start_statement();
  sqlite3_backup* const backup = sqlite3_backup_init(target.handle(), "main", source.handle(), "main");
  if (backup == nullptr) target.fail(sqlite3_errcode(target.handle()), "cloning " + source.name());
  int code = SQLITE_OK;
  while (code == SQLITE_OK && !options.connection.cancelled.stop_requested()) {
    code = sqlite3_backup_step(backup, pages_at_once);
  }
  const int finished = sqlite3_backup_finish(backup);
  if (code == SQLITE_OK) throw Cancelled();
  if (code != SQLITE_DONE) source.fail(code, "cloning it");
  if (finished != SQLITE_OK) target.fail(finished, "cloning " + source.name());
}

StoreClone::~StoreClone() {
  if (file_.empty()) return;
  std::error_code ignored;
  for (const char* const suffix : {"", "-wal", "-shm", "-journal"}) {
    std::filesystem::remove(file_.string() + suffix, ignored);
  }
}

}  // namespace sluice::stores
