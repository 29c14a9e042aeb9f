#pragma once
#include <set>
#include <string>

#include "harness/stores/sqlite_database.hpp"

namespace sluice::migration {

/// What the full-text indexes (FTS3 to FTS5) of a SQLite file hold, a line for each: their rows show the table that
/// they index, or nothing, and may be right where no search finds them.
std::set<std::string> full_text_lines(stores::SqliteDatabase& database);

}  // namespace sluice::migration
