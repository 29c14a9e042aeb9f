#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "harness/stores/canonical.hpp"
#include "harness/stores/value.hpp"

namespace sluice::stores {

/// One column as its store declares it.
struct ColumnDescription {
  std::string name;
  std::string declared;  ///< the type as the store writes it: "numeric(20,2)", "VARCHAR(40)", ""
  ComparisonType type = ComparisonType::exact;
  bool nullable = true;
  bool single_precision = false;  ///< a 32-bit float
  bool native_order = true;       ///< the store sorts the column as its canonical encoding sorts
  std::string base_type = {};     ///< PostgreSQL: the type's own name, of a domain's base type: "int4", "jsonb"
};

struct TableDescription {
  std::string name;      ///< as it was asked for
  std::string sql_name;  ///< quoted, with its schema: ready for a statement
  std::vector<ColumnDescription> columns;
  std::vector<std::string> primary_key;  ///< column names in key order; empty when there is none
  std::optional<std::uint64_t> rows_estimate;
  /// Sets of columns that are unique together by a valid constraint or index; the primary key among them.
  std::vector<std::vector<std::string>> unique_keys = {};
  bool utf8 = true;      ///< texts are stored as UTF-8
  std::string identity;  ///< equal for one table reached over two connections; empty when the store cannot tell

  const ColumnDescription* find(const std::string& column) const;
};

struct BucketSelection;
struct DigestSpec;
struct BucketDigest;
struct KeyRange;

/// What kind of database a store is.
enum class Engine : std::uint8_t { sqlite, postgres };

/// Which rows and columns to read, and how to order them.
struct ScanSpec {
  TableDescription table;
  std::vector<ColumnDescription> columns;  ///< what every row holds; the first `key_columns` are the key
  std::vector<ColumnRule> rules;           ///< how each is compared; the order of the key's columns follows from it
  std::size_t key_columns = 0;
  std::string where;           ///< an SQL condition of the user's, or empty
  std::vector<OwnedRow> only;  ///< when not empty: only rows with one of these keys (cells as this store gave them)
  std::shared_ptr<const BucketSelection> buckets = nullptr;  ///< when set: only rows of these buckets
};

struct StoreOptions {
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds lock_timeout{30'000};          ///< waiting for another's lock
  std::chrono::milliseconds statement_timeout{3'600'000};  ///< one statement, reading its rows included
  std::stop_token cancelled;                               ///< honoured within a second: Cancelled is thrown
  std::filesystem::path directory;                         ///< where relative SQLite paths start; empty: here
  /// PostgreSQL: how tables named without a schema are found, and names shown; absent: as the role, the database or the
  /// URL has set it. Two sides that are compared by name are read under one.
  std::optional<std::string> search_path = std::nullopt;
};

struct TableName {
  std::string name;       ///< as describe() takes it: without a schema where the session's search_path finds it so
  std::string qualified;  ///< PostgreSQL: with its schema, whatever the search_path is; SQLite: the name
};

/// One database of a side, read only. For one thread; one cursor at a time, destroyed before the store.
/// Whatever the store itself does wrong is an EnvironmentError that names it, its passwords blanked; what the plan asks
/// of it wrongly (a missing table, a broken condition) is an InputError.
class Store {
 public:
  virtual ~Store() = default;
  /// The URL without passwords, for messages.
  virtual const std::string& name() const = 0;
  /// The user's tables and views.
  virtual std::vector<std::string> tables() = 0;
  /// Those of them that hold rows themselves: no views, no partitions of another, no SQLite virtual tables and what
  /// these keep their index in.
  virtual std::vector<TableName> base_tables() = 0;
  /// `table` may carry a schema ("public.captures"). Throws InputError that offers near names when there is none.
  virtual TableDescription describe(const std::string& table) = 0;
  /// Every later scan sees the state of now, until the store is destroyed or end_snapshot is called.
  virtual void begin_snapshot() = 0;
  virtual void end_snapshot() = 0;
  /// Rows in the order of the canonical encoding of the key, in constant memory; in any order when there is no key.
  virtual std::unique_ptr<RowCursor> scan(const ScanSpec& spec) = 0;
  /// A statement that shows the row with this key to a person.
  virtual std::string select_row(const ScanSpec& spec, const OwnedRow& key) const = 0;

  virtual Engine engine() const = 0;
  /// Counts and sums of row hashes by bucket, computed where the rows are; see digest.hpp. May be called from another
  /// thread than the other methods, never beside them.
  virtual std::vector<BucketDigest> digest(const DigestSpec& spec) = 0;
  /// The smallest and largest key when the key is one integer of which the store reads ranges without reading the rest.
  virtual std::optional<KeyRange> key_range(const ScanSpec& spec) = 0;
  /// Whether the scan has at least so many rows; reads no more than those.
  virtual bool has_rows(const ScanSpec& spec, std::uint64_t count) = 0;
  /// Why this store's hash functions cannot be relied on; empty when they gave what ours give on a set of values.
  virtual std::string probe_hashes() = 0;
};

/// Opens `sqlite:PATH` (never creates the file) or `postgresql://…`. Throws InputError for any other URL and
/// EnvironmentError when the store does not answer.
std::unique_ptr<Store> open_store(const std::string& url, const StoreOptions& options = {});

/// `name` in double quotes, as SQL identifiers are.
std::string quote_identifier(const std::string& name);

/// The InputError for a table that is not there: names the store and offers near names.
[[noreturn]] void throw_missing_table(const Store& store, const std::string& table,
                                      const std::vector<std::string>& tables);

/// Up to three of `names` that are close to `name` in spelling, as ", did you mean a or b?"; empty when none is.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& names);

}  // namespace sluice::stores
