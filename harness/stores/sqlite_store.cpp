#include "harness/stores/sqlite_store.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/sqlite_database.hpp"

namespace sluice::stores {
namespace {

constexpr const char* order_function = "sluice_order";

// sluice_order(VALUE, COLUMN): the canonical encoding as a blob, so that SQLite sorts as the comparison does.
void order_value(sqlite3_context* context, int, sqlite3_value** arguments) {
  const auto& rules = *static_cast<const std::vector<ColumnRule>*>(sqlite3_user_data(context));
  sqlite3_value* const value = arguments[0];
  const auto index = static_cast<std::size_t>(sqlite3_value_int64(arguments[1]));
  const auto bytes = [&](const void* data) {
    const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
    return size == 0 ? std::string_view() : std::string_view(static_cast<const char*>(data), size);
  };
  RawCell cell;
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
      cell = RawCell::of_integer(sqlite3_value_int64(value));
      break;
    case SQLITE_FLOAT:
      cell = RawCell::of_real(sqlite3_value_double(value));
      break;
    case SQLITE_TEXT:
      cell = RawCell::of_text(bytes(sqlite3_value_text(value)));
      break;
    case SQLITE_BLOB:
      cell = RawCell::of_blob(bytes(sqlite3_value_blob(value)));
      break;
    default:
      break;
  }
  try {
    std::string encoded;
    append_canonical(cell, rules.at(index), encoded);
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

class SqliteCursor final : public RowCursor {
 public:
  SqliteCursor(SqliteDatabase& database, const std::string& sql, const ScanSpec& spec)
      : statement_(database, sql, "reading table " + printable(spec.table.name, 100)), columns_(spec.columns.size()) {
    int parameter = 0;
    for (const auto& key : spec.only) {
      for (const auto& cell : key) statement_.bind(++parameter, cell.view());
    }
  }
  bool next(RawRow& row) override {
    if (!statement_.step()) return false;
    row.resize(columns_);
    for (std::size_t i = 0; i < columns_; ++i) row[i] = statement_.cell(static_cast<int>(i));
    return true;
  }

 private:
  SqliteStatement statement_;
  std::size_t columns_;
};

class SqliteStore final : public Store {
 public:
  SqliteStore(const std::filesystem::path& path, const StoreOptions& options)
      : name_("sqlite:" + path.string()), database_(name_, path, options) {
    struct stat file {};
    if (::stat(path.c_str(), &file) == 0) file_identity_ = fmt::format("sqlite {} {}", file.st_dev, file.st_ino);
  }

  const std::string& name() const override { return name_; }

  std::vector<std::string> tables() override {
    SqliteStatement statement(
        database_,
        "SELECT name FROM sqlite_schema WHERE type IN ('table','view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
        "ORDER BY name",
        "listing its tables");
    std::vector<std::string> names;
    while (statement.step()) names.push_back(statement.text(0));
    return names;
  }

  TableDescription describe(const std::string& table) override {
    const std::vector<std::string> all = tables();
    if (std::find(all.begin(), all.end(), table) == all.end()) throw_missing_table(*this, table, all);
    TableDescription description{.name = table, .sql_name = quote_identifier(table)};
    if (!file_identity_.empty()) description.identity = file_identity_ + " " + table;
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
    if (description.primary_key.size() == 1 && !has_key_index(table)) {
      // Then the key is the rowid itself, the one column that can hold nothing but integers.
      for (auto& column : description.columns) column.native_order = column.name == description.primary_key.front();
    }
    return description;
  }

  void begin_snapshot() override {
    database_.execute("BEGIN", "starting a snapshot");
    // The transaction takes its view of the file at its first read.
    database_.execute("SELECT count(*) FROM sqlite_schema", "starting a snapshot");
    in_snapshot_ = true;
  }
  void end_snapshot() override {
    if (std::exchange(in_snapshot_, false)) database_.execute("COMMIT", "ending a snapshot");
  }

  std::unique_ptr<RowCursor> scan(const ScanSpec& spec) override {
    register_order(spec);
    return std::make_unique<SqliteCursor>(database_, scan_statement(spec), spec);
  }

  std::string select_row(const ScanSpec& spec, const OwnedRow& key) const override {
    std::vector<std::string> conditions;
    for (std::size_t i = 0; i < key.size(); ++i) {
      conditions.push_back(quote_identifier(spec.columns[i].name) + " IS " + literal(key[i].view()));
    }
    return fmt::format("SELECT * FROM {} WHERE {};", spec.table.sql_name, fmt::join(conditions, " AND "));
  }

 private:
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
    if (spec.columns[column].native_order && spec.rules[column].type == ComparisonType::integer) return true;
    SqliteStatement probe(database_,
                          fmt::format("SELECT 1 FROM {0} WHERE typeof({1}) NOT IN ('{2}', 'null') LIMIT 1",
                                      spec.table.sql_name, quote_identifier(spec.columns[column].name), storage),
                          "looking at the key of table " + printable(spec.table.name, 100));
    return !probe.step();
  }

  std::string scan_statement(const ScanSpec& spec) {
    std::vector<std::string> names, order, keys;
    for (const auto& column : spec.columns) names.push_back(quote_identifier(column.name));
    for (std::size_t i = 0; i < spec.key_columns; ++i) {
      const char* const collation = spec.rules[i].type == ComparisonType::text ? " COLLATE BINARY" : "";
      order.push_back(sorts_natively(spec, i) ? names[i] + collation
                                              : fmt::format("{}({}, {})", order_function, names[i], i));
    }
    std::string sql = fmt::format("SELECT {} FROM {}", fmt::join(names, ", "), spec.table.sql_name);
    if (!spec.where.empty()) sql += fmt::format(" WHERE (\n{}\n)", spec.where);
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
    if (!keys.empty()) {
      sql += fmt::format(" {} ({})", spec.where.empty() ? "WHERE" : "AND", fmt::join(keys, " OR "));
    }
    return sql + fmt::format(" ORDER BY {}", fmt::join(order, ", "));
  }

  std::string name_;
  SqliteDatabase database_;
  std::string file_identity_;  // device and inode: one file may have several paths
  bool in_snapshot_ = false;
};

}  // namespace

std::unique_ptr<Store> open_sqlite_store(const std::filesystem::path& path, const StoreOptions& options) {
  return std::make_unique<SqliteStore>(path, options);
}

}  // namespace sluice::stores
