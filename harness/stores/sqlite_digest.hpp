#pragma once
#include <optional>
#include <string>
#include <vector>

#include "harness/stores/digest.hpp"
#include "harness/stores/sqlite_database.hpp"

namespace sluice::stores {

/// An argument of an SQL function; its bytes live until the function returns.
RawCell sqlite_cell(sqlite3_value* value);

/// Digests what `SELECT cells FROM part` gives for every part, within SQLite's own loop. A part may hold a WHERE. With
/// a twin, which sees the same snapshot, two threads take part after part.
std::vector<BucketDigest> run_digest(SqliteDatabase& database, SqliteDatabase* twin, const DigestSpec& spec,
                                     const std::vector<std::string>& cells, const std::vector<std::string>& parts);

/// The same for all rows of an ordinary table, read from the pages of the file instead of through statements; nullopt
/// where that cannot be done, see SqlitePages and SqliteTree.
std::optional<std::vector<BucketDigest>> digest_pages(SqliteDatabase& database, SqliteDatabase* twin,
                                                      const DigestSpec& spec);

/// What to join the table with, in front of it, so that SQLite seeks each range of keys instead of looking at every
/// row; empty when the buckets are no ranges. The names that the condition then uses come from it.
std::string sqlite_bucket_ranges(const ScanSpec& spec);

/// A condition for the rows of the scan's buckets; register_buckets makes the function that it may call.
std::string sqlite_bucket_condition(const ScanSpec& spec);
void register_buckets(SqliteDatabase& database, const ScanSpec& spec);

}  // namespace sluice::stores
