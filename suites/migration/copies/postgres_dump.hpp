#pragma once
#include <filesystem>
#include <stop_token>
#include <string>

#include "suites/migration/copies/postgres_url.hpp"

namespace sluice::migration {

/// Copies a database that others are connected to into an empty one of the same server, with pg_dump and pg_restore.
/// `work` is an existing folder for the dump, which is as large as the rows and gone afterwards. Throws
/// EnvironmentError when a program is missing or fails, and Cancelled.
void dump_and_restore(const PostgresUrl& from, const std::string& database, const std::filesystem::path& work,
                      const std::stop_token& cancelled);

}  // namespace sluice::migration
