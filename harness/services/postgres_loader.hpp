#pragma once
#include <chrono>
#include <filesystem>
#include <stop_token>
#include <string>

#include "harness/services/child_process.hpp"

namespace sluice::services {

/// What files are loaded with.
struct LoadTools {
  ProcessHost* host;
  std::filesystem::path binaries;   ///< where psql and pg_restore are
  std::filesystem::path directory;  ///< where relative files are
  std::filesystem::path log;
  std::chrono::nanoseconds within;  ///< for one file
};

/// Loads one file into the database at `url`: a custom-format dump (known by its first bytes) with pg_restore, anything
/// else as SQL with psql. Stops at the first error. Throws EnvironmentError that names the file, with the line where
/// psql stopped, and Cancelled.
void load_into_postgres(const std::filesystem::path& file, const std::string& url, const LoadTools& tools,
                        std::stop_token stop);

}  // namespace sluice::services
