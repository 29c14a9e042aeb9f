#include "harness/run/ledger/connection.hpp"

#include <fmt/core.h>

#include <cstring>
#include <utility>

#include "harness/core/printable.hpp"

namespace sluice::ledger {
namespace {

constexpr int busy_milliseconds = 30'000;

bool has_content(const std::filesystem::path& path) {
  std::error_code none;
  const auto size = std::filesystem::file_size(path, none);
  return !none && size > 0;
}

std::string uri_of(const std::filesystem::path& path) {
  std::string uri = "file:";
  for (const char c : path.native()) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
                       c == '.' || c == '-' || c == '_';
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri + "?immutable=1";
}

}  // namespace

Connection::Connection(std::filesystem::path path, Access access) : path_(std::filesystem::absolute(std::move(path))) {
  if (access == Access::write) {
    open(path_.native(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    if (sqlite3_db_readonly(handle(), "main") == 1) fail(SQLITE_READONLY);
    return;
  }
  open(path_.native(), SQLITE_OPEN_READONLY);
  // Who may not write beside the file cannot make the index of its write-ahead log; without a log none is needed.
  const int code = sqlite3_exec(handle(), "SELECT count(*) FROM sqlite_schema", nullptr, nullptr, nullptr);
  const bool no_index = (code & 0xFF) == SQLITE_CANTOPEN || (code & 0xFF) == SQLITE_READONLY;
  if (no_index && has_content(path_) && !has_content(path_.native() + "-wal"))
    open(uri_of(path_), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
  else if (code != SQLITE_OK)
    fail(code);
}

void Connection::open(const std::string& name, int flags) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &opened, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  handle_.reset(opened);
  if (code != SQLITE_OK) fail(code);
  sqlite3_extended_result_codes(opened, 1);
  sqlite3_busy_timeout(opened, busy_milliseconds);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
}

void Connection::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

std::string Connection::ask(const std::string& sql) {
  Statement statement(*this, sql);
  if (!statement.step()) return "";
  const Cell value = statement.cell(0);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  return "";
}

void Connection::fail(int code) const {
  const int system_error = handle_ ? sqlite3_system_errno(handle()) : 0;
  std::string message = printable(handle_ ? sqlite3_errmsg(handle()) : sqlite3_errstr(code));
  if (message == "not an error") message = sqlite3_errstr(code);
  std::string hint;
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      hint = fmt::format("; another process has held it for {} s", busy_milliseconds / 1000);
      break;
    case SQLITE_FULL:
      hint = "; make room on its disk";
      break;
    case SQLITE_IOERR:
      if (system_error != 0) message += fmt::format(" ({})", std::strerror(system_error));
      hint = "; is its disk full?";
      break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
      hint = "; make the file and its folder writable, or name another with --ledger";
      break;
    case SQLITE_CANTOPEN:
      if (system_error != 0) message += fmt::format(" ({})", std::strerror(system_error));
      hint = "; name another with --ledger";
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      hint = "; it is damaged or no ledger: move it away together with its .head, or put a copy back";
      break;
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      hint = "; its tables are not what sluice made: somebody changed them";
      break;
    default:
      break;
  }
  throw LedgerError(fmt::format("the ledger {}: {}{}", path_.string(), message, hint));
}

Statement::Statement(Connection& connection, const std::string& sql) : connection_(connection) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v2(connection.handle(), sql.c_str(), -1, &prepared, nullptr);
  handle_.reset(prepared);
  if (code != SQLITE_OK) connection_.fail(code);
}

void Statement::bind(int index, const Cell& value) {
  int code = SQLITE_OK;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    code = sqlite3_bind_int64(handle_.get(), index, *integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    code = sqlite3_bind_double(handle_.get(), index, *real);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    code = sqlite3_bind_text64(handle_.get(), index, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  } else {
    code = sqlite3_bind_null(handle_.get(), index);
  }
  if (code != SQLITE_OK) connection_.fail(code);
}

bool Statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) connection_.fail(code);
  return false;
}

Cell Statement::cell(int column) const {
  sqlite3_stmt* const row = handle_.get();
  switch (sqlite3_column_type(row, column)) {
    case SQLITE_INTEGER:
      return std::int64_t{sqlite3_column_int64(row, column)};
    case SQLITE_FLOAT:
      return sqlite3_column_double(row, column);
    case SQLITE_NULL:
      return {};
    default: {
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(row, column));
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row, column));
      return size == 0 ? std::string() : std::string(bytes, size);
    }
  }
}

Transaction::Transaction(Connection& connection, const std::string& kind) : connection_(connection) {
  connection_.execute("BEGIN " + kind);
}

Transaction::~Transaction() {
  // SQLite may have rolled back by itself; then there is nothing left to undo.
  if (open_ && sqlite3_get_autocommit(connection_.handle()) == 0)
    sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  connection_.execute("COMMIT");
  open_ = false;
}

}  // namespace sluice::ledger
