#include "harness/stores/sqlite_store.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/counted_cursor.hpp"
#include "harness/stores/sqlite_cursor.hpp"
#include "harness/stores/sqlite_database.hpp"
#include "harness/stores/sqlite_digest.hpp"
#include "harness/stores/sqlite_twin.hpp"

namespace sluice::stores {
namespace {

constexpr const char* order_function = "sluice_order";

// sluice_order(VALUE, COLUMN): the canonical encoding as a blob, so that SQLite sorts as the comparison does.
void order_value(sqlite3_context* context, int, sqlite3_value** arguments) {
  const auto& rules = *static_cast<const std::vector<ColumnRule>*>(sqlite3_user_data(context));
  const auto index = static_cast<std::size_t>(sqlite3_value_int64(arguments[1]));
  try {
    std::string encoded;
    append_canonical(sqlite_cell(arguments[0]), rules.at(index), encoded);
    sqlite3_result_blob64(context, encoded.data(), encoded.size(), SQLITE_TRANSIENT);
  } catch (const std::exception& error) {  // exceptions must not cross C
    sqlite3_result_error(context, error.what(), -1);
  }
}

void delete_rules(void* rules) { delete static_cast<std::vector<ColumnRule>*>(rules); }

// The storage class that SQLite already sorts as the encoding of `type` sorts, or null.
const char* native_storage(ComparisonType type) {
  switch (type) {
    case ComparisonType::integer:
    case ComparisonType::decimal:
      return "integer";
    case ComparisonType::text:
      return "text";
    case ComparisonType::bytes:
      return "blob";
    default:
      return nullptr;
  }
}

std::string literal(const RawCell& cell) {
  switch (cell.storage) {
    case RawCell::Storage::null:
      return "NULL";
    case RawCell::Storage::integer:
      return std::to_string(cell.integer);
    case RawCell::Storage::real:
      return fmt::format("{:.17g}", cell.real);
    case RawCell::Storage::blob:
      return "x'" + hexadecimal(cell.bytes) + "'";
    case RawCell::Storage::text:
      break;
  }
  if (printable(cell.bytes, cell.bytes.size() + 1) != cell.bytes) {
    return "CAST(x'" + hexadecimal(cell.bytes) + "' AS TEXT)";
  }
  std::string quoted = "'";
  for (const char c : cell.bytes) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + '\'';
}

class SqliteStore final : public Store {
 public:
  SqliteStore(const std::filesystem::path& path, const StoreOptions& options)
      : name_("sqlite:" + path.string()), path_(path), options_(options), database_(name_, path, options) {
    struct stat file {};
    if (::stat(path.c_str(), &file) == 0) file_identity_ = fmt::format("sqlite {} {}", file.st_dev, file.st_ino);
  }

  const std::string& name() const override { return name_; }

  std::vector<std::string> tables() override {
    return list("SELECT name FROM sqlite_schema WHERE type IN ('table','view')");
  }
  std::vector<TableName> base_tables() override {
    std::vector<TableName> names;
    for (const auto& name : list("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"))
      names.push_back({.name = name, .qualified = name});
    return names;
  }

  TableDescription describe(const std::string& table) override {
    const std::vector<std::string> all = tables();
    if (std::find(all.begin(), all.end(), table) == all.end()) throw_missing_table(*this, table, all);
    TableDescription description{.name = table, .sql_name = quote_identifier(table)};
    if (!file_identity_.empty()) description.identity = file_identity_ + " " + table;
    SqliteStatement encoding(database_, "PRAGMA encoding", "reading its encoding");
    description.utf8 = encoding.step() && encoding.text(0) == "UTF-8";
    SqliteStatement statement(
        database_, "SELECT name, type, \"notnull\", pk FROM pragma_table_xinfo(?1) WHERE hidden <> 1 ORDER BY cid",
        "describing table " + printable(table, 100));
    statement.bind(1, RawCell::of_text(table));
    std::map<std::int64_t, std::string> key;
    while (statement.step()) {
      ColumnDescription column{.name = statement.text(0), .declared = statement.text(1)};
      column.type = sqlite_type(column.declared);
      column.nullable = statement.cell(2).integer == 0;
      column.native_order = false;  // a declared type does not promise what is stored
      if (const auto position = statement.cell(3).integer; position > 0) key[position] = column.name;
      description.columns.push_back(std::move(column));
    }
    for (auto& [position, column] : key) description.primary_key.push_back(std::move(column));
    if (!description.primary_key.empty()) description.unique_keys.push_back(description.primary_key);
    if (description.primary_key.size() == 1 && !has_key_index(table)) {
      // Then the key is the rowid itself, the one column that can hold nothing but integers.
      for (auto& column : description.columns) column.native_order = column.name == description.primary_key.front();
    }
    return description;
  }

  void begin_snapshot() override {
    twin_ = open_twin();
    database_.execute("BEGIN", "starting a snapshot");
    // The transaction takes its view of the file at its first read.
    database_.execute("SELECT count(*) FROM sqlite_schema", "starting a snapshot");
    in_snapshot_ = true;
    if (!joins(twin_)) twin_.reset();
  }
  void end_snapshot() override {
    twin_.reset();
    if (std::exchange(in_snapshot_, false)) database_.execute("COMMIT", "ending a snapshot");
  }

  Engine engine() const override { return Engine::sqlite; }
  std::vector<BucketDigest> digest(const DigestSpec& spec) override {
    std::vector<std::string> cells;
    for (const auto& column : spec.scan.columns) cells.push_back(quote_identifier(column.name));
    if (spec.planted) {
      std::string& cell = cells.at(spec.planted->column);
      cell = fmt::format("CASE WHEN {} THEN {} ELSE {} END", key_condition(spec.scan, spec.planted->key),
                         literal(spec.planted->value.view()), cell);
    }
    if (spec.scan.buckets) register_buckets(database_, spec.scan);
    std::vector<std::string> conditions = row_conditions(spec.scan), keys;
    for (const auto& key : spec.scan.only) keys.push_back("(" + key_condition(spec.scan, key) + ")");
    if (!keys.empty()) conditions.push_back(fmt::format("({})", fmt::join(keys, " OR ")));
    // Not through an index, which may be damaged, though it holds all that is read.
    const bool whole = !spec.scan.buckets && spec.scan.only.empty() && is_base_table(spec.scan.table);
    const char* const reading = whole ? " NOT INDEXED" : "";
    SqliteDatabase* const twin = twin_ ? &twin_->database() : nullptr;
    if (whole && conditions.empty()) {
      if (auto digests = digest_pages(database_, twin, spec)) return std::move(*digests);
    }
    std::vector<std::string> parts;
    for (const auto& range : row_ranges(spec)) {
      std::vector<std::string> all = conditions;
      if (!range.empty()) all.push_back(range);
      parts.push_back(fmt::format("{}{}{}{}{}", sqlite_bucket_ranges(spec.scan), spec.scan.table.sql_name, reading,
                                  all.empty() ? "" : " WHERE ", fmt::join(all, " AND ")));
    }
    return run_digest(database_, twin, spec, cells, parts);
  }
  std::optional<KeyRange> key_range(const ScanSpec& spec) override {
    const auto& key = spec.columns.at(0);
    // A rowid: its ranges are read from the table itself, and it holds integers alone.
    if (spec.key_columns != 1 || !key.native_order || spec.rules[0].type != ComparisonType::integer)
      return std::nullopt;
    // One at a time: SQLite reads the whole table for both at once.
    SqliteStatement ends(database_,
                         fmt::format("SELECT (SELECT min({0}) FROM {1}), (SELECT max({0}) FROM {1})",
                                     quote_identifier(key.name), spec.table.sql_name),
                         "looking at the key of table " + printable(spec.table.name, 100));
    if (!ends.step() || ends.cell(0).is_null()) return std::nullopt;
    return KeyRange{ends.cell(0).integer, ends.cell(1).integer};
  }
  bool has_rows(const ScanSpec& spec, std::uint64_t count) override {
    SqliteStatement statement(database_,
                              fmt::format("SELECT count(*) FROM (SELECT 1 FROM {}{} LIMIT {})", spec.table.sql_name,
                                          spec.where.empty() ? "" : fmt::format(" WHERE (\n{}\n)", spec.where), count),
                              "reading table " + printable(spec.table.name, 100));
    return statement.step() && statement.cell(0).integer == static_cast<std::int64_t>(count);
  }
  std::string probe_hashes() override { return {}; }  // they are our own

  std::unique_ptr<RowCursor> scan(const ScanSpec& spec) override {
    register_order(spec);
    if (spec.buckets) register_buckets(database_, spec);
    const std::string doing = "reading table " + printable(spec.table.name, 100);
    auto rows = std::make_unique<SqliteCursor>(database_, scan_statement(spec), spec.columns.size(), doing);
    int parameter = 0;
    for (const auto& key : spec.only) {
      for (const auto& cell : key) rows->bind(++parameter, cell.view());
    }
    const bool in_own_order = spec.key_columns == 1 && spec.columns[0].native_order;
    if (in_own_order || !spec.only.empty() || !in_snapshot_ || !is_base_table(spec.table)) return rows;
    const std::vector<std::string> conditions = row_conditions(spec);
    SqliteStatement count(
        database_,
        fmt::format("SELECT count(*) FROM {}{} NOT INDEXED{}{}", sqlite_bucket_ranges(spec), spec.table.sql_name,
                    conditions.empty() ? "" : " WHERE ", fmt::join(conditions, " AND ")),
        doing);
    const auto expected = count.step() ? static_cast<std::uint64_t>(count.cell(0).integer) : 0;
    return std::make_unique<CountedCursor>(std::move(rows), expected, name_ + ": " + doing);
  }

  std::string select_row(const ScanSpec& spec, const OwnedRow& key) const override {
    return fmt::format("SELECT * FROM {} WHERE {};", spec.table.sql_name, key_condition(spec, key));
  }

 private:
  static std::string key_condition(const ScanSpec& spec, const OwnedRow& key) {
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < key.size(); ++i) {
      parts.push_back(quote_identifier(spec.columns[i].name) + " IS " + literal(key[i].view()));
    }
    return fmt::format("{}", fmt::join(parts, " AND "));
  }

  std::vector<std::string> list(const std::string& select) {
    SqliteStatement statement(database_, select + " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
                              "listing its tables");
    std::vector<std::string> names;
    while (statement.step()) names.push_back(statement.text(0));
    return names;
  }

  // What limits the rows of a scan, without its keys.
  static std::vector<std::string> row_conditions(const ScanSpec& spec) {
    std::vector<std::string> conditions;
    if (!spec.where.empty()) conditions.push_back(fmt::format("(\n{}\n)", spec.where));
    if (spec.buckets) conditions.push_back(sqlite_bucket_condition(spec));
    return conditions;
  }

  // Without it one connection does all the work, and says what is wrong.
  std::unique_ptr<SqliteTwin> open_twin() const {
    try {
      return std::make_unique<SqliteTwin>(name_, path_, options_);
    } catch (const EnvironmentError&) {
      return nullptr;
    }
  }
  static bool joins(const std::unique_ptr<SqliteTwin>& twin) {
    try {
      return twin && twin->join();
    } catch (const EnvironmentError&) {
      return false;
    }
  }

  // Not a view, nor a virtual table.
  bool is_base_table(const TableDescription& table) {
    if (table.sql_name != quote_identifier(table.name)) return false;
    SqliteStatement kind(database_,
                         "SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND name = ?1 AND type = 'table'",
                         "describing table " + printable(table.name, 100));
    kind.bind(1, RawCell::of_text(table.name));
    return kind.step();
  }

  // The name by which the rowid of a table can be asked for; nothing for what has none.
  std::string rowid_name(const TableDescription& table) {
    SqliteStatement kind(
        database_, "SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND name = ?1 AND type = 'table' AND wr = 0",
        "describing table " + printable(table.name, 100));
    kind.bind(1, RawCell::of_text(table.name));
    if (!kind.step()) return {};
    for (const char* const name : {"_rowid_", "rowid", "oid"}) {
      const bool taken = std::any_of(table.columns.begin(), table.columns.end(), [&](const auto& column) {
        return sqlite3_stricmp(column.name.c_str(), name) == 0;
      });
      if (!taken) return name;
    }
    return {};
  }

  // Conditions that part the rows of a large table for two readers; one empty condition otherwise.
  std::vector<std::string> row_ranges(const DigestSpec& spec) {
    constexpr std::uint32_t parts = 32;
    constexpr std::uint64_t few = 50'000;  // rows, or what there is of their numbers
    std::vector<std::string> ranges{""};
    if (!twin_ || spec.scan.buckets || !spec.scan.only.empty()) return ranges;
    const std::string rowid = rowid_name(spec.scan.table);
    if (rowid.empty()) return ranges;
    SqliteStatement ends(
        database_,
        fmt::format("SELECT (SELECT min({0}) FROM {1}), (SELECT max({0}) FROM {1})", rowid, spec.scan.table.sql_name),
        "looking at the rows of table " + printable(spec.scan.table.name, 100));
    if (!ends.step() || ends.cell(0).is_null()) return ranges;
    const KeyRange all{ends.cell(0).integer, ends.cell(1).integer};
    const auto numbers = static_cast<std::uint64_t>(all.largest) - static_cast<std::uint64_t>(all.smallest);
    if (numbers < few) return ranges;
    const Partition partition = partition_range(all, parts);
    ranges.clear();
    for (std::uint32_t part = 0; part < partition.buckets; ++part) {
      const auto end = partition.first_key(part + 1);
      ranges.push_back(fmt::format("{0} >= {1}", rowid, *partition.first_key(part)));
      if (end) ranges.back() += fmt::format(" AND {0} < {1}", rowid, *end);
    }
    return ranges;
  }

  bool has_key_index(const std::string& table) {
    SqliteStatement statement(database_, "SELECT 1 FROM pragma_index_list(?1) WHERE origin = 'pk'",
                              "describing table " + printable(table, 100));
    statement.bind(1, RawCell::of_text(table));
    return statement.step();
  }

  void register_order(const ScanSpec& spec) {
    auto rules = std::make_unique<std::vector<ColumnRule>>(spec.rules);
    // SQLite calls the deleter also when this call fails.
    const int code = sqlite3_create_function_v2(database_.handle(), order_function, 2,
                                                SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, rules.release(),
                                                &order_value, nullptr, nullptr, &delete_rules);
    if (code != SQLITE_OK) database_.fail(code, "preparing to sort");
  }

  // Whether the column's own order, and with it an index, can be used: only when it holds one storage class throughout,
  // which a declared type does not promise in SQLite.
  bool sorts_natively(const ScanSpec& spec, std::size_t column) {
    const char* const storage = native_storage(spec.rules[column].type);
    if (storage == nullptr) return false;
    // Texts that are stored as UTF-16 are sorted by those bytes.
    if (spec.rules[column].type == ComparisonType::text && !spec.table.utf8) return false;
    if (spec.columns[column].native_order && spec.rules[column].type == ComparisonType::integer) return true;
    SqliteStatement probe(database_,
                          fmt::format("SELECT 1 FROM {0} WHERE typeof({1}) NOT IN ('{2}', 'null') LIMIT 1",
                                      spec.table.sql_name, quote_identifier(spec.columns[column].name), storage),
                          "looking at the key of table " + printable(spec.table.name, 100));
    return !probe.step();
  }

  std::string scan_statement(const ScanSpec& spec) {
    std::vector<std::string> names, order, keys, conditions = row_conditions(spec);
    for (const auto& column : spec.columns) names.push_back(quote_identifier(column.name));
    for (std::size_t i = 0; i < spec.key_columns; ++i) {
      // A few rows are sorted by the function; what a column holds is only known from all rows.
      const bool native = spec.only.empty() && sorts_natively(spec, i);
      const char* const collation = spec.rules[i].type == ComparisonType::text ? " COLLATE BINARY" : "";
      order.push_back(native ? names[i] + collation : fmt::format("{}({}, {})", order_function, names[i], i));
    }
    std::string sql =
        fmt::format("SELECT {} FROM {}{}", fmt::join(names, ", "), sqlite_bucket_ranges(spec), spec.table.sql_name);
    int parameter = 0;
    for (const auto& key : spec.only) {
      std::vector<std::string> parts;
      for (std::size_t i = 0; i < key.size(); ++i) {
        // Exactly this text, also in a column that the schema compares without case.
        const bool is_text = key[i].cell.storage == RawCell::Storage::text;
        parts.push_back(fmt::format("{} IS ?{}{}", names[i], ++parameter, is_text ? " COLLATE BINARY" : ""));
      }
      keys.push_back(fmt::format("({})", fmt::join(parts, " AND ")));
    }
    if (!keys.empty()) conditions.push_back(fmt::format("({})", fmt::join(keys, " OR ")));
    if (!conditions.empty()) sql += fmt::format(" WHERE {}", fmt::join(conditions, " AND "));
    return order.empty() ? sql : sql + fmt::format(" ORDER BY {}", fmt::join(order, ", "));
  }

  std::string name_;
  std::filesystem::path path_;
  StoreOptions options_;
  SqliteDatabase database_;
  std::unique_ptr<SqliteTwin> twin_;  // of a snapshot
  std::string file_identity_;         // device and inode: one file may have several paths
  bool in_snapshot_ = false;
};

}  // namespace

std::unique_ptr<Store> open_sqlite_store(const std::filesystem::path& path, const StoreOptions& options) {
  return std::make_unique<SqliteStore>(path, options);
}

}  // namespace sluice::stores
