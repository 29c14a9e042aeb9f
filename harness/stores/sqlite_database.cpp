#include "harness/stores/sqlite_database.hpp"

#include <fmt/core.h>

#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"

namespace sluice::stores {
namespace {

constexpr int steps_between_looks = 20'000;  // of SQLite's virtual machine: well under a millisecond

// SQLite opens such a file read only, and refuses the first read, as it would have to roll the journal back.
std::string left_journal(const std::string& name, sqlite3* handle) {
  const char* const path = sqlite3_db_filename(handle, "main");
  const std::string file = path == nullptr ? "" : path;
  return fmt::format(
      "{}: a writer crashed in a transaction and left its journal {}-journal, so that the file alone is not what was "
      "last committed; nothing is written here, so have SQLite roll it back once: sqlite3 {} 'PRAGMA integrity_check'",
      name, printable(file), shell_word(file));
}

}  // namespace

SqliteDatabase::SqliteDatabase(std::string name, const std::filesystem::path& path, StoreOptions options, bool writable)
    : name_(std::move(name)), options_(std::move(options)) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    throw EnvironmentError(fmt::format("{}: there is no such file; create it before this check runs", name_));
  }
  // A pipe would block for ever; a folder's error would speak of the disk.
  if (!std::filesystem::is_regular_file(path, ignored)) {
    throw EnvironmentError(fmt::format("{}: this is no regular file, and so no SQLite database", name_));
  }
  sqlite3* handle = nullptr;
  const int access = writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  const int code = sqlite3_open_v2(path.c_str(), &handle, access | SQLITE_OPEN_NOMUTEX, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) fail(code, "opening it");
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, static_cast<int>(options_.lock_timeout.count()));
  // A misspelled "column" must be an error, not a string that equals nothing.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_progress_handler(handle, steps_between_looks, &SqliteDatabase::on_progress, this);
  execute("SELECT count(*) FROM sqlite_schema", "opening it");  // the file is first read here
}

int SqliteDatabase::on_progress(void* self) {
  auto& database = *static_cast<SqliteDatabase*>(self);
  if (database.options_.cancelled.stop_requested()) return 1;
  database.timed_out_ = std::chrono::steady_clock::now() > database.deadline_;
  return database.timed_out_ ? 1 : 0;
}

void SqliteDatabase::start_statement() {
  timed_out_ = false;
  deadline_ = std::chrono::steady_clock::now() + options_.statement_timeout;
}

void SqliteDatabase::keep_going(const std::string& doing) {
  if (on_progress(this) != 0) fail(SQLITE_INTERRUPT, doing);
}

void SqliteDatabase::execute(const std::string& sql, const std::string& doing) {
  start_statement();
  const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code, doing);
}

void SqliteDatabase::fail(int code, const std::string& doing) const {
  const int primary = code & 0xFF;
  if (primary == SQLITE_INTERRUPT && options_.cancelled.stop_requested()) throw Cancelled();
  const std::string message = handle_ ? printable(sqlite3_errmsg(handle_.get())) : sqlite3_errstr(code);
  const std::string where = fmt::format("{}: {}: {}", name_, doing, message);
  switch (primary) {
    case SQLITE_INTERRUPT:
      throw EnvironmentError(fmt::format("{}: {} took longer than {} s", name_, doing,
                                         std::chrono::duration<double>(options_.statement_timeout).count()));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw EnvironmentError(fmt::format("{} for {} s: another process holds it; stop its writer", where,
                                         std::chrono::duration<double>(options_.lock_timeout).count()));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      throw EnvironmentError(where + "; the file is damaged, PRAGMA integrity_check says more");
    case SQLITE_READONLY:
      if (code == SQLITE_READONLY_ROLLBACK) throw EnvironmentError(left_journal(name_, handle_.get()));
      throw EnvironmentError(where);
    case SQLITE_ERROR:
      throw InputError(where);
    default:
      throw EnvironmentError(where);
  }
}

SqliteStatement::SqliteStatement(SqliteDatabase& database, const std::string& sql, std::string doing)
    : database_(database), doing_(std::move(doing)) {
  database_.start_statement();
  sqlite3_stmt* handle = nullptr;
  const char* tail = nullptr;
  const int code =
      sqlite3_prepare_v2(database_.handle(), sql.c_str(), static_cast<int>(sql.size() + 1), &handle, &tail);
  handle_.reset(handle);
  if (code != SQLITE_OK) database_.fail(code, doing_);
  if (handle == nullptr || *tail != '\0') {
    throw InputError(fmt::format("{}: {}: expected one SQL statement, and something follows it: {}", database_.name(),
                                 doing_, printable(tail, 100)));
  }
}

void SqliteStatement::bind(int index, const RawCell& value) {
  const auto length = static_cast<sqlite3_uint64>(value.bytes.size());
  const char* const bytes = value.bytes.empty() ? "" : value.bytes.data();
  int code = SQLITE_OK;
  switch (value.storage) {
    case RawCell::Storage::null:
      code = sqlite3_bind_null(handle_.get(), index);
      break;
    case RawCell::Storage::integer:
      code = sqlite3_bind_int64(handle_.get(), index, value.integer);
      break;
    case RawCell::Storage::real:
      code = sqlite3_bind_double(handle_.get(), index, value.real);
      break;
    case RawCell::Storage::text:
      code = sqlite3_bind_text64(handle_.get(), index, bytes, length, SQLITE_TRANSIENT, SQLITE_UTF8);
      break;
    case RawCell::Storage::blob:
      code = sqlite3_bind_blob64(handle_.get(), index, bytes, length, SQLITE_TRANSIENT);
      break;
  }
  if (code != SQLITE_OK) database_.fail(code, doing_);
}

bool SqliteStatement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_.fail(code, doing_);
  return false;
}

RawCell SqliteStatement::cell(int column) const {
  sqlite3_stmt* const row = handle_.get();
  const auto view = [&](const void* bytes) {
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row, column));
    return size == 0 ? std::string_view() : std::string_view(static_cast<const char*>(bytes), size);
  };
  switch (sqlite3_column_type(row, column)) {
    case SQLITE_INTEGER:
      return RawCell::of_integer(sqlite3_column_int64(row, column));
    case SQLITE_FLOAT:
      return RawCell::of_real(sqlite3_column_double(row, column));
    case SQLITE_TEXT:
      return RawCell::of_text(view(sqlite3_column_text(row, column)));
    case SQLITE_BLOB:
      return RawCell::of_blob(view(sqlite3_column_blob(row, column)));
    default:
      return RawCell::of_null();
  }
}

std::string SqliteStatement::text(int column) const {
  const auto* bytes = sqlite3_column_text(handle_.get(), column);
  return bytes == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(bytes));
}

}  // namespace sluice::stores
