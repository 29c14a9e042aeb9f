#include "harness/stores/store.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/missing_table.hpp"
#include "harness/stores/postgres_store.hpp"
#include "harness/stores/sqlite_store.hpp"
#include "harness/stores/store_url.hpp"

namespace sluice::stores {
namespace {

// Levenshtein's distance in one row of memory.
std::size_t distance(const std::string& left, const std::string& right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t changed = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

const ColumnDescription* TableDescription::find(const std::string& column) const {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const ColumnDescription& entry) { return entry.name == column; });
  return found == columns.end() ? nullptr : &*found;
}

std::unique_ptr<Store> open_store(const std::string& url, const StoreOptions& options) {
  constexpr std::string_view sqlite = "sqlite:";
  if (url.starts_with(sqlite) && url.size() > sqlite.size()) {
    return open_sqlite_store(options.directory / url.substr(sqlite.size()), options);
  }
  if (url.starts_with("postgresql://") || url.starts_with("postgres://")) return open_postgres_store(url, options);
  throw InputError(fmt::format("'{}' is not a store; write sqlite:PATH or postgresql://[USER[:PASSWORD]@]HOST/DATABASE",
                               printable(redact_url(url))));
}

std::string quote_identifier(const std::string& name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string did_you_mean(const std::string& name, const std::vector<std::string>& names) {
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const auto& candidate : names) {
    const std::size_t away = distance(name, candidate);
    if (away <= std::max<std::size_t>(2, name.size() / 3)) near.emplace_back(away, candidate);
  }
  std::sort(near.begin(), near.end());
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(near.size(), 3); ++i) {
    text += (i == 0 ? ", did you mean " : " or ") + printable(near[i].second, 100);
  }
  return text.empty() ? text : text + "?";
}

void throw_missing_table(const Store& store, const std::string& table, const std::vector<std::string>& tables) {
  const std::string hint = did_you_mean(table, tables);
  throw MissingTable(fmt::format("there is no table '{}' in {} ({} tables){}", printable(table, 100), store.name(),
                               tables.size(), hint));
}

}  // namespace sluice::stores
