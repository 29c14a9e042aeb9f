#pragma once
#include <filesystem>
#include <memory>

#include "harness/stores/store.hpp"

namespace sluice::stores {

/// Opens an existing SQLite file read only. Throws EnvironmentError when it is missing or is no database.
std::unique_ptr<Store> open_sqlite_store(const std::filesystem::path& path, const StoreOptions& options);

}  // namespace sluice::stores
