#include "suites/migration/rows/counterpart_key.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "harness/core/printable.hpp"

namespace sluice::migration {
namespace {

using stores::ColumnDescription;
using stores::ComparisonType;
using stores::Engine;
using stores::OwnedCell;
using stores::RawCell;

bool is_unique(const stores::TableDescription& table, const std::vector<std::string>& names) {
  return std::any_of(table.unique_keys.begin(), table.unique_keys.end(), [&](const std::vector<std::string>& unique) {
    return std::all_of(unique.begin(), unique.end(), [&](const std::string& column) {
      return std::find(names.begin(), names.end(), column) != names.end();
    });
  });
}

// Of a type whose values a server reads back as it wrote them; a domain may refuse what another allows, an enumeration
// has its own words.
bool reads_back(const ColumnDescription& column) {
  static constexpr std::pair<std::string_view, std::string_view> types[] = {
      {"int2", "smallint"},
      {"int4", "integer"},
      {"int8", "bigint"},
      {"numeric", "numeric"},
      {"text", "text"},
      {"uuid", "uuid"},
      {"varchar", "character varying"},
      {"bpchar", "character"},
      {"timestamp", "timestamp without time zone"},
      {"timestamptz", "timestamp with time zone"},
      {"date", "date"},
      {"bytea", "bytea"}};
  const std::string_view declared = column.declared;
  return std::any_of(std::begin(types), std::end(types), [&](const auto& type) {
    return column.base_type == type.first && declared.substr(0, declared.find('(')) == type.second;
  });
}

// A server refuses a number that its type cannot hold.
bool holds(const ColumnDescription& column, std::int64_t value) {
  if (!reads_back(column)) return false;
  const auto within = [&](auto limits) { return value >= limits.min() && value <= limits.max(); };
  if (column.base_type == "int2") return within(std::numeric_limits<std::int16_t>());
  if (column.base_type == "int4") return within(std::numeric_limits<std::int32_t>());
  return column.base_type == "int8";
}

std::optional<std::int64_t> integer_of(const RawCell& cell) {
  if (cell.storage == RawCell::Storage::integer) return cell.integer;
  if (cell.storage != RawCell::Storage::text) return std::nullopt;  // PostgreSQL sends numbers as text
  std::int64_t value = 0;
  const auto* const end = cell.bytes.data() + cell.bytes.size();
  const auto [last, failure] = std::from_chars(cell.bytes.data(), end, value);
  return failure == std::errc() && last == end ? std::optional(value) : std::nullopt;
}

// "0f8fad5b-d9cb-469f-a165-70867728950e", which every server reads.
bool is_plain_uuid(std::string_view text) {
  constexpr std::string_view form = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";
  return text.size() == form.size() && std::equal(text.begin(), text.end(), form.begin(), [](char c, char expected) {
           const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
           return expected == '-' ? c == '-' : digit;
         });
}

struct Target {
  const ColumnDescription& column;
  Engine engine;
  bool utf8;  ///< its database holds every text
};

std::optional<OwnedCell> counterpart(ComparisonType type, const ColumnDescription& from, const RawCell& cell,
                                     const Target& to) {
  switch (type) {
    case ComparisonType::integer: {
      const auto value = from.type == to.column.type && to.column.type == type ? integer_of(cell) : std::nullopt;
      if (!value || (to.engine == Engine::postgres && !holds(to.column, *value))) return std::nullopt;
      return OwnedCell(RawCell::of_integer(*value));
    }
    case ComparisonType::text: {
      const bool texts = from.type == type && to.column.type == type && cell.storage == RawCell::Storage::text;
      const bool taken = to.engine == Engine::sqlite || reads_back(to.column);
      const bool writable = taken && to.utf8 && is_utf8(cell.bytes) && cell.bytes.find('\0') == std::string_view::npos;
      return texts && writable ? std::optional(OwnedCell(cell)) : std::nullopt;
    }
    case ComparisonType::uuid: {
      const bool native = to.engine == Engine::postgres && to.column.base_type == "uuid" && reads_back(to.column);
      const bool plain = cell.storage == RawCell::Storage::text && is_plain_uuid(cell.bytes);
      return native && plain ? std::optional(OwnedCell(cell)) : std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

bool finds_rows_by_key(const TableMapping& mapping) {
  if (mapping.multiset) return false;
  std::vector<std::string> old_names, new_names;
  for (std::size_t i = 0; i < mapping.key_columns; ++i) {
    if (mapping.columns[i].ids) return false;
    old_names.push_back(mapping.columns[i].old_column.name);
    new_names.push_back(mapping.columns[i].new_column.name);
  }
  return is_unique(mapping.old_table, old_names) && is_unique(mapping.new_table, new_names);
}

std::optional<stores::OwnedRow> counterpart_key(const TableMapping& mapping, bool from_old, Engine from, Engine to,
                                                const stores::OwnedRow& key) {
  stores::OwnedRow other;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const ColumnPair& pair = mapping.columns[i];
    const ColumnDescription& here = from_old ? pair.old_column : pair.new_column;
    const Target there{.column = from_old ? pair.new_column : pair.old_column,
                       .engine = to,
                       .utf8 = (from_old ? mapping.new_table : mapping.old_table).utf8};
    const RawCell cell = key[i].view();
    if (cell.is_null()) return std::nullopt;
    // What a server writes of a type it reads back as the same value.
    const bool one_type = from == Engine::postgres && to == Engine::postgres && reads_back(here) &&
                          here.declared == there.column.declared && there.utf8;
    auto found = one_type ? std::optional(key[i]) : counterpart(pair.type, here, cell, there);
    if (!found) return std::nullopt;
    other.push_back(std::move(*found));
  }
  return other;
}

}  // namespace sluice::migration
