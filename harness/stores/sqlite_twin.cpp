#include "harness/stores/sqlite_twin.hpp"

#include <utility>

namespace sluice::stores {

SqliteTwin::SqliteTwin(std::string name, const std::filesystem::path& path, StoreOptions options)
    : database_(std::move(name), path, std::move(options)), before_(data_version()) {}

bool SqliteTwin::join() {
  database_.execute("BEGIN", "starting a snapshot");
  database_.execute("SELECT count(*) FROM sqlite_schema", "starting a snapshot");
  return data_version() == before_;
}

std::int64_t SqliteTwin::data_version() {
  SqliteStatement statement(database_, "PRAGMA data_version", "starting a snapshot");
  return statement.step() ? statement.cell(0).integer : -1;
}

}  // namespace sluice::stores
