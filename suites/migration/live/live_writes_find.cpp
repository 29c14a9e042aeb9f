#include "suites/migration/live/live_writes_find.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "harness/core/errors.hpp"
#include "harness/stores/store.hpp"
#include "suites/migration/side_session.hpp"

namespace sluice::migration {
namespace {

constexpr std::size_t nonce_digits = 7;  // of a nonce's number: see WriteClient::next

void replace_all(std::string& text, const std::string& placeholder, const std::string& value) {
  for (auto at = text.find(placeholder); at != std::string::npos; at = text.find(placeholder, at + value.size()))
    text.replace(at, placeholder.size(), value);
}

std::string quoted_name(const std::string& table) {
  const auto dot = table.find('.');
  if (dot == std::string::npos) return stores::quote_identifier(table);
  return stores::quote_identifier(table.substr(0, dot)) + "." + stores::quote_identifier(table.substr(dot + 1));
}

}  // namespace

std::vector<std::string> nonces_in(const std::string& text, const std::string& run) {
  std::vector<std::string> found;
  const std::string start = run + "n";
  for (auto at = text.find(start); at != std::string::npos; at = text.find(start, at + 1)) {
    const std::string number = text.substr(at + start.size(), nonce_digits);
    if (number.size() < nonce_digits || number.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string nonce = start + number;
    if (std::find(found.begin(), found.end(), nonce) == found.end()) found.push_back(nonce);
  }
  return found;
}

WriteFinder::WriteFinder(const Parameters& written) {
  const bool by_place = written.has("table") && written.has("column");
  if (by_place == written.has("sql") || written.has("table") != written.has("column"))
    throw InputError("find: give `table` and `column`, or `sql` alone");
  if (by_place) {
    const std::string column = stores::quote_identifier(written.text("column"));
    sql_ = fmt::format("SELECT {0} FROM {1} WHERE CAST({0} AS text) LIKE '%{{run}}%'", column,
                       quoted_name(written.text("table")));
    return;
  }
  sql_ = written.text("sql");
  each_ = sql_.find("{nonce}") != std::string::npos;
  if (each_ == (sql_.find("{run}") != std::string::npos))
    throw InputError(
        "find: `sql` names {run} (what all nonces begin with; asked once) or {nonce} (asked once for each write), and "
        "not both");
}

std::string WriteFinder::statement_for(const std::string& nonce) const {
  std::string sql = sql_;
  replace_all(sql, each_ ? "{nonce}" : "{run}", nonce);
  return sql;
}

std::vector<WriteSighting> WriteFinder::find_all(stores::SqlSession& session, const std::string& run,
                                                 const std::vector<WriteRecord>& writes) const {
  const auto snapshot = Transaction::read(session);
  if (!each_) return ask(session, run, run, 4 * writes.size() + 1000);
  std::vector<WriteSighting> all;
  for (const auto& write : writes) {
    if (write.is_delete()) continue;
    for (auto& sighting : ask(session, write.nonce, run, 1000)) {
      if (sighting.nonce == write.nonce) all.push_back(std::move(sighting));
    }
  }
  return all;
}

std::vector<WriteSighting> WriteFinder::find_one(stores::SqlSession& session, const std::string& run,
                                                 const std::string& nonce) const {
  const auto snapshot = Transaction::read(session);
  std::vector<WriteSighting> all = ask(session, nonce, run, 1000);
  std::erase_if(all, [&](const WriteSighting& sighting) { return sighting.nonce != nonce; });
  return all;
}

std::vector<WriteSighting> WriteFinder::ask(stores::SqlSession& session, const std::string& text,
                                            const std::string& run, std::size_t most) const {
  const std::string doing = "finding the writes in the new store";
  const auto result = session.query(statement_for(text), {.rows = most}, doing);
  if (result.total > result.rows.size())
    throw InputError(fmt::format("{}: {}: {} rows hold a nonce, at most {} are read; `find` returns one row a write",
                                 session.name(), doing, result.total, most));
  std::vector<WriteSighting> all;
  for (std::size_t row = 0; row < result.rows.size(); ++row) {
    const auto cell = result.text(row, 0);
    if (!cell) continue;
    for (auto& nonce : nonces_in(*cell, run)) all.push_back({.nonce = std::move(nonce), .cell = *cell});
  }
  return all;
}

ParameterSpec WriteFinder::parameter() {
  return {.name = "find",
          .type = ParameterType::record,
          .doc = "how the new store is asked for the writes",
          .required = true,
          .fields = {{.name = "table", .doc = "the table that holds them: captures, public.captures"},
                     {.name = "column", .doc = "its column with {nonce} or {value} in it"},
                     {.name = "sql",
                      .doc = "instead: a SELECT whose first column holds the nonce; {run} is what all nonces begin "
                             "with, as in LIKE '%{run}%'; with {nonce} it is asked for each write"}},
          .shorthand = "sql"};
}

}  // namespace sluice::migration
