#include "harness/stores/sql_session.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/sql_session_sources.hpp"
#include "harness/stores/store_url.hpp"

namespace sluice::stores {
namespace {

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool equal_folded(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return folded(a) == folded(b); });
}

// Without the blanks and comments it starts with.
std::string_view without_prologue(std::string_view sql) {
  while (!sql.empty()) {
    if (sql.find_first_of(" \t\r\n;") == 0) {
      sql.remove_prefix(1);
    } else if (sql.starts_with("--")) {
      sql.remove_prefix(std::min(sql.size(), sql.find('\n')));
    } else if (sql.starts_with("/*")) {
      int depth = 0;
      do {
        const bool opens = sql.starts_with("/*"), closes = sql.starts_with("*/");
        depth += opens ? 1 : closes ? -1 : 0;
        sql.remove_prefix(opens || closes ? 2 : 1);
      } while (depth > 0 && !sql.empty());
    } else {
      break;
    }
  }
  return sql;
}

}  // namespace

std::string_view to_string(Engine engine) { return engine == Engine::sqlite ? "SQLite" : "PostgreSQL"; }

std::optional<std::string> SqlResult::text(std::size_t row, std::size_t column) const {
  const RawCell cell = rows.at(row).at(column).view();
  switch (cell.storage) {
    case RawCell::Storage::null:
      return std::nullopt;
    case RawCell::Storage::text:
      return std::string(cell.bytes);
    default:
      return printable_cell(cell);
  }
}

std::optional<std::size_t> SqlResult::find(std::string_view name) const {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == name) return i;
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (equal_folded(columns[i].name, name)) return i;
  }
  return std::nullopt;
}

std::unique_ptr<SqlSession> open_sql_session(const std::string& url, const StoreOptions& options) {
  constexpr std::string_view sqlite = "sqlite:";
  if (url.starts_with(sqlite) && url.size() > sqlite.size()) {
    return open_sqlite_sql_session(options.directory / url.substr(sqlite.size()), options);
  }
  if (url.starts_with("postgresql://") || url.starts_with("postgres://"))
    return open_postgres_sql_session(url, options);
  throw InputError(fmt::format("'{}' is not a store; write sqlite:PATH or postgresql://[USER[:PASSWORD]@]HOST/DATABASE",
                               printable(redact_url(url))));
}

std::string quote_literal(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

ByteBudget::ByteBudget(std::string name, std::string doing, std::size_t limit)
    : name_(std::move(name)), doing_(std::move(doing)), limit_(limit) {}

void ByteBudget::take(const OwnedRow& row) {
  for (const auto& cell : row) used_ += sizeof(OwnedCell) + cell.bytes.size();
  if (used_ <= limit_) return;
  throw InputError(fmt::format("{}: {}: more than {} MiB of values; select fewer or shorter columns, or group further",
                               name_, doing_, limit_ >> 20));
}

void refuse_transaction_control(std::string_view sql, const std::string& name, const std::string& doing) {
  const std::string_view rest = without_prologue(sql);
  const auto end = std::find_if(rest.begin(), rest.end(), [](char c) { return folded(c) < 'a' || folded(c) > 'z'; });
  const std::string_view word = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  for (const auto* const refused :
       {"abort", "begin", "commit", "end", "prepare", "release", "rollback", "savepoint", "start"}) {
    if (!equal_folded(word, refused)) continue;
    throw InputError(
        fmt::format("{}: {}: {} is not allowed here: the statement runs in a transaction that is always "
                    "rolled back",
                    name, doing, printable(word, 20)));
  }
}

}  // namespace sluice::stores
