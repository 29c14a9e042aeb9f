#include "harness/stores/sqlite_digest.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "harness/core/printable.hpp"
#include "harness/stores/hash_thread.hpp"
#include "harness/stores/row_hasher.hpp"

namespace sluice::stores {
namespace {

constexpr const char* digest_function = "sluice_digest";
constexpr const char* buckets_function = "sluice_in_buckets";
constexpr const char* range_first = "sluice_first_key";
constexpr const char* range_last = "sluice_last_key";
constexpr std::size_t most_arguments = 100;  // of an SQL function, unless SQLite was built with another limit

void step_digest(sqlite3_context* context, int count, sqlite3_value** arguments) {
  auto& hashes = *static_cast<HashThread*>(sqlite3_user_data(context));
  try {
    for (int i = 0; i < count; ++i) hashes.add_cell(sqlite_cell(arguments[i]));
    hashes.end_row();
  } catch (const std::exception& error) {  // exceptions must not cross C
    sqlite3_result_error(context, error.what(), -1);
  }
}

void finish_digest(sqlite3_context* context) { sqlite3_result_null(context); }

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

std::vector<BucketDigest> run_digest(SqliteDatabase& database, const DigestSpec& spec,
                                     const std::vector<std::string>& cells, const std::string& from) {
  const std::string doing = "reading table " + printable(spec.scan.table.name, 100);
  HashThread hashes(RowHasher(spec.plan, spec.partition, spec.scan.rules, spec.salt), spec.on_rows);
  if (cells.size() > most_arguments) {
    SqliteStatement statement(database, fmt::format("SELECT {} FROM {}", fmt::join(cells, ", "), from), doing);
    while (statement.step()) {
      for (std::size_t i = 0; i < cells.size(); ++i) hashes.add_cell(statement.cell(static_cast<int>(i)));
      hashes.end_row();
    }
    return hashes.take();
  }
  const auto register_function = [&](void* data, auto step, auto finish) {
    const int code = sqlite3_create_function_v2(database.handle(), digest_function, -1, SQLITE_UTF8 | SQLITE_DIRECTONLY,
                                                data, nullptr, step, finish, nullptr);
    if (code != SQLITE_OK) database.fail(code, doing);
  };
  register_function(&hashes, &step_digest, &finish_digest);
  {
    SqliteStatement statement(
        database, fmt::format("SELECT {}({}) FROM {}", digest_function, fmt::join(cells, ", "), from), doing);
    while (statement.step()) {
    }
  }
  // The function must not outlive what it works on; a failure above ends the use of this store.
  register_function(nullptr, static_cast<decltype(&step_digest)>(nullptr),
                    static_cast<decltype(&finish_digest)>(nullptr));
  return hashes.take();
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
