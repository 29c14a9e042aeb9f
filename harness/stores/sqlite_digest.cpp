#include "harness/stores/sqlite_digest.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <future>
#include <limits>
#include <memory>

#include "harness/core/printable.hpp"
#include "harness/stores/row_hasher.hpp"
#include "harness/stores/sqlite_pages.hpp"
#include "harness/stores/sqlite_record.hpp"
#include "harness/stores/sqlite_tree.hpp"

namespace sluice::stores {
namespace {

constexpr const char* digest_function = "sluice_digest";
constexpr const char* buckets_function = "sluice_in_buckets";
constexpr const char* range_first = "sluice_first_key";
constexpr const char* range_last = "sluice_last_key";
constexpr std::uint64_t other_reader = 16;   // added to the salt, which tells the sides by 1 and 2
constexpr std::size_t most_arguments = 100;  // of an SQL function, unless SQLite was built with another limit

/// What the aggregate works on: the rows that one connection reads.
class DigestReader {
 public:
  DigestReader(SqliteDatabase& database, const DigestSpec& spec, std::size_t columns, std::uint64_t salt)
      : database_(database),
        hasher_(spec.plan, spec.partition, spec.scan.rules, salt),
        on_rows_(spec.on_rows),
        row_(columns) {}

  SqliteDatabase& database() { return database_; }
  RawRow& row() { return row_; }
  /// What row() holds now.
  void add() {
    constexpr std::uint64_t rows_between_reports = 1024;
    hasher_.add(row_);
    if (++unreported_ == rows_between_reports) report();
  }
  void report() {
    if (on_rows_) on_rows_(unreported_);
    unreported_ = 0;
  }
  std::vector<BucketDigest> take() { return hasher_.take(); }

 private:
  SqliteDatabase& database_;
  RowHasher hasher_;
  const std::function<void(std::uint64_t)>& on_rows_;
  RawRow row_;
  std::uint64_t unreported_ = 0;
};

void step_digest(sqlite3_context* context, int count, sqlite3_value** arguments) {
  auto& reader = *static_cast<DigestReader*>(sqlite3_user_data(context));
  try {
    for (int i = 0; i < count; ++i) reader.row()[static_cast<std::size_t>(i)] = sqlite_cell(arguments[i]);
    reader.add();
  } catch (const std::exception& error) {  // exceptions must not cross C
    sqlite3_result_error(context, error.what(), -1);
  }
}

void finish_digest(sqlite3_context* context) { sqlite3_result_null(context); }

void register_digest(DigestReader& reader, bool present, const std::string& doing) {
  const int code = sqlite3_create_function_v2(
      reader.database().handle(), digest_function, -1, SQLITE_UTF8 | SQLITE_DIRECTONLY, present ? &reader : nullptr,
      nullptr, present ? &step_digest : nullptr, present ? &finish_digest : nullptr, nullptr);
  if (code != SQLITE_OK) reader.database().fail(code, doing);
}

std::string doing_of(const DigestSpec& spec) { return "reading table " + printable(spec.scan.table.name, 100); }

// Reads part after part until none is left, or another reader has failed.
void read_parts(DigestReader& reader, const std::vector<std::string>& cells, const std::vector<std::string>& parts,
                std::atomic<std::size_t>& next, const std::string& doing) {
  const bool aggregate = cells.size() <= most_arguments;
  std::string selected = fmt::format("{}", fmt::join(cells, ", "));
  if (aggregate) {
    selected = fmt::format("{}({})", digest_function, selected);
    register_digest(reader, true, doing);
  }
  for (std::size_t i = next++; i < parts.size(); i = next++) {
    SqliteStatement statement(reader.database(), fmt::format("SELECT {} FROM {}", selected, parts[i]), doing);
    while (statement.step()) {
      if (aggregate) continue;
      for (std::size_t column = 0; column < cells.size(); ++column) {
        reader.row()[column] = statement.cell(static_cast<int>(column));
      }
      reader.add();
    }
    reader.report();
  }
  // The function must not outlive what it works on; a failure above ends the use of this store.
  if (aggregate) register_digest(reader, false, doing);
}

// What the control has altered.
void plant(const PlantedCell& planted, RawRow& row) {
  for (std::size_t i = 0; i < planted.key.size(); ++i) {
    const RawCell key = planted.key[i].view();
    const RawCell& cell = row[i];
    if (key.storage != cell.storage || key.integer != cell.integer || key.real != cell.real) return;
    if (key.bytes != cell.bytes) return;
  }
  row[planted.column] = planted.value.view();
}

// Reads tree after tree until none is left, or another reader has failed.
void read_trees(DigestReader& reader, const DigestSpec& spec, const SqlitePages& pages, const SqliteRecord& record,
                const std::vector<SqliteSubtree>& trees, std::atomic<std::size_t>& next) {
  const std::string doing = doing_of(spec);
  SqliteTree tree(pages, record);
  const std::function<void()> on_page = [&] { reader.database().keep_going(doing); };
  const std::function<void()> on_row = [&] {
    if (spec.planted) plant(*spec.planted, reader.row());
    reader.add();
  };
  for (std::size_t i = next++; i < trees.size(); i = next++) {
    reader.database().start_statement();
    tree.read(trees[i], reader.row(), on_row, on_page);
    reader.report();
  }
}

// What `read` hands to one reader, or to two at once, which share the work by `next`.
std::vector<BucketDigest> digest_by_two(SqliteDatabase& database, SqliteDatabase* twin, const DigestSpec& spec,
                                        std::atomic<std::size_t>& next,
                                        const std::function<void(DigestReader&)>& read) {
  constexpr std::size_t all_taken = std::numeric_limits<std::size_t>::max() / 2;
  DigestReader reader(database, spec, spec.scan.columns.size(), spec.salt);
  if (twin == nullptr) {
    read(reader);
    return reader.take();
  }
  // Rows that need a closer look are salted by reader too: no two hashes of theirs are alike.
  DigestReader other(*twin, spec, spec.scan.columns.size(), spec.salt + other_reader);
  const auto read_or_stop = [&](DigestReader& one) {
    try {
      read(one);
    } catch (...) {
      next = all_taken;
      throw;
    }
  };
  auto others = std::async(std::launch::async, [&] { read_or_stop(other); });
  read_or_stop(reader);
  others.get();
  auto digests = reader.take();
  const auto more = other.take();
  for (std::size_t i = 0; i < digests.size(); ++i) {
    digests[i].rows += more[i].rows;
    for (std::size_t sum = 0; sum < digests[i].sums.size(); ++sum) digests[i].sums[sum] += more[i].sums[sum];
  }
  return digests;
}

/// What the bucket condition works on.
struct Buckets {
  RowHasher hasher;
  std::vector<bool> chosen;
  RawRow key;
};

void in_buckets(sqlite3_context* context, int count, sqlite3_value** arguments) {
  auto& buckets = *static_cast<Buckets*>(sqlite3_user_data(context));
  try {
    for (int i = 0; i < count; ++i) buckets.key[static_cast<std::size_t>(i)] = sqlite_cell(arguments[i]);
    sqlite3_result_int(context, buckets.chosen[buckets.hasher.bucket_of(buckets.key)] ? 1 : 0);
  } catch (const std::exception& error) {
    sqlite3_result_error(context, error.what(), -1);
  }
}

void delete_buckets(void* buckets) { delete static_cast<Buckets*>(buckets); }

}  // namespace

RawCell sqlite_cell(sqlite3_value* value) {
  const auto bytes = [&](const void* data) {
    const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
    return size == 0 ? std::string_view() : std::string_view(static_cast<const char*>(data), size);
  };
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
      return RawCell::of_integer(sqlite3_value_int64(value));
    case SQLITE_FLOAT:
      return RawCell::of_real(sqlite3_value_double(value));
    case SQLITE_TEXT:
      return RawCell::of_text(bytes(sqlite3_value_text(value)));
    case SQLITE_BLOB:
      return RawCell::of_blob(bytes(sqlite3_value_blob(value)));
    default:
      return RawCell::of_null();
  }
}

std::vector<BucketDigest> run_digest(SqliteDatabase& database, SqliteDatabase* twin, const DigestSpec& spec,
                                     const std::vector<std::string>& cells, const std::vector<std::string>& parts) {
  const std::string doing = doing_of(spec);
  std::atomic<std::size_t> next{0};
  return digest_by_two(database, parts.size() < 2 ? nullptr : twin, spec, next,
                       [&](DigestReader& reader) { read_parts(reader, cells, parts, next, doing); });
}

std::optional<std::vector<BucketDigest>> digest_pages(SqliteDatabase& database, SqliteDatabase* twin,
                                                      const DigestSpec& spec) {
  constexpr std::size_t parts = 64;
  std::vector<std::string> columns;
  for (const auto& column : spec.scan.columns) columns.push_back(column.name);
  try {
    const SqlitePages pages(database);
    const SqliteRecord record(database, spec.scan.table.name, columns);
    const auto trees = SqliteTree(pages, record).split(parts);
    std::atomic<std::size_t> next{0};
    return digest_by_two(database, trees.size() < 2 ? nullptr : twin, spec, next, [&](DigestReader& reader) {
      read_trees(reader, spec, SqlitePages(reader.database()), record, trees, next);
    });
  } catch (const UnusualFile&) {
    return std::nullopt;
  }
}

std::string sqlite_bucket_condition(const ScanSpec& spec) {
  const BucketSelection& selection = *spec.buckets;
  if (selection.partition.kind == Partition::Kind::hash) {
    std::vector<std::string> key;
    for (std::size_t i = 0; i < spec.key_columns; ++i) key.push_back(quote_identifier(spec.columns[i].name));
    return fmt::format("{}({})", buckets_function, fmt::join(key, ", "));
  }
  return fmt::format("{0} >= {1} AND {0} <= {2}", quote_identifier(spec.columns[0].name), range_first, range_last);
}

std::string sqlite_bucket_ranges(const ScanSpec& spec) {
  if (!spec.buckets || spec.buckets->partition.kind == Partition::Kind::hash) return {};
  const Partition& partition = spec.buckets->partition;
  std::vector<std::string> ranges;
  for (const std::uint32_t bucket : spec.buckets->buckets) {
    const auto next = partition.first_key(bucket + 1);
    ranges.push_back(fmt::format("({}, {})", partition.first_key(bucket).value_or(0),
                                 next ? *next - 1 : std::numeric_limits<std::int64_t>::max()));
  }
  return fmt::format("(SELECT column1 AS {}, column2 AS {} FROM (VALUES {})) CROSS JOIN ", range_first, range_last,
                     fmt::join(ranges, ", "));
}

void register_buckets(SqliteDatabase& database, const ScanSpec& spec) {
  const BucketSelection& selection = *spec.buckets;
  auto buckets =
      std::make_unique<Buckets>(Buckets{.hasher = RowHasher(selection.plan, selection.partition, spec.rules, 0),
                                        .chosen = std::vector<bool>(selection.partition.buckets),
                                        .key = RawRow(spec.key_columns)});
  for (const std::uint32_t bucket : selection.buckets) buckets->chosen.at(bucket) = true;
  // SQLite calls the deleter also when this call fails.
  const int code = sqlite3_create_function_v2(database.handle(), buckets_function, static_cast<int>(spec.key_columns),
                                              SQLITE_UTF8 | SQLITE_DIRECTONLY, buckets.release(), &in_buckets, nullptr,
                                              nullptr, &delete_buckets);
  if (code != SQLITE_OK) database.fail(code, "preparing to read buckets");
}

}  // namespace sluice::stores
