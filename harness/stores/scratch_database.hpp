#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "harness/stores/sqlite_database.hpp"

namespace sluice::stores {

/// An empty, writable database on disk for what does not fit in memory: nothing in it is safe from a crash, and its
/// file has lost its name before this returns, so that nothing can be left of it. `what` names it in messages. Throws
/// EnvironmentError when no file can be made in `folder`.
std::unique_ptr<SqliteDatabase> open_scratch_database(const std::filesystem::path& folder, const std::string& what,
                                                      const StoreOptions& options);

}  // namespace sluice::stores
