#include "harness/stores/postgres_sql.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <vector>

#include "harness/stores/postgres_digest.hpp"

namespace sluice::stores {

std::string postgres_text(const RawCell& cell) {
  switch (cell.storage) {
    case RawCell::Storage::blob:
      return "\\x" + hexadecimal(cell.bytes);
    case RawCell::Storage::integer:
      return std::to_string(cell.integer);
    case RawCell::Storage::real:
      return shortest(cell.real);
    default:
      return std::string(cell.bytes);
  }
}

std::string postgres_key_condition(const PostgresConnection& connection, const ScanSpec& spec, const OwnedRow& key) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const std::string name = quote_identifier(spec.columns[i].name);
    const RawCell cell = key[i].view();
    if (cell.is_null())
      parts.push_back(name + " IS NULL");
    else
      parts.push_back(name + " = " + connection.quote_literal(postgres_text(cell)) + "::" + spec.columns[i].declared);
  }
  return fmt::format("{}", fmt::join(parts, " AND "));
}

std::string postgres_condition(const PostgresConnection& connection, const ScanSpec& spec) {
  std::vector<std::string> all, keys;
  if (!spec.where.empty()) all.push_back(fmt::format("(\n{}\n)", spec.where));
  for (const auto& key : spec.only) keys.push_back("(" + postgres_key_condition(connection, spec, key) + ")");
  if (!keys.empty()) all.push_back(fmt::format("({})", fmt::join(keys, " OR ")));
  if (spec.buckets) all.push_back(bucket_condition(spec, *spec.buckets));
  return fmt::format("{}", fmt::join(all, " AND "));
}

}  // namespace sluice::stores
