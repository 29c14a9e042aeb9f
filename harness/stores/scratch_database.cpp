#include "harness/stores/scratch_database.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>

#include "harness/core/errors.hpp"

namespace sluice::stores {
namespace {

/// A new, empty file, which is an empty database; its name is gone at the end of the scope.
struct NamedFile {
  std::string name;
  explicit NamedFile(const std::filesystem::path& folder) : name((folder / "scratch-XXXXXX").string()) {
    const int descriptor = mkstemp(name.data());
    if (descriptor < 0) throw EnvironmentError(fmt::format("{}: cannot make a file there", folder.string()));
    close(descriptor);
  }
  ~NamedFile() { unlink(name.c_str()); }
  NamedFile(const NamedFile&) = delete;
  NamedFile& operator=(const NamedFile&) = delete;
};

}  // namespace

std::unique_ptr<SqliteDatabase> open_scratch_database(const std::filesystem::path& folder, const std::string& what,
                                                      const StoreOptions& options) {
  const NamedFile file(folder);
  auto database =
      std::make_unique<SqliteDatabase>(fmt::format("{} (kept in {})", what, folder.string()), file.name, options, true);
  database->execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE",
                    "preparing it");
  return database;
}

}  // namespace sluice::stores
