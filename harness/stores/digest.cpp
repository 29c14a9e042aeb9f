#include "harness/stores/digest.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <initializer_list>

namespace sluice::stores {
namespace {

constexpr std::size_t most_columns = 200;  // one expression nests all of them

bool is_one_of(const std::string& name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The form in which PostgreSQL hashes a column of its own as the canonical rules read it.
std::optional<HashForm> postgres_form(const ColumnDescription& column, const ColumnRule& rule, bool utf8) {
  using enum ComparisonType;
  const std::string& base = column.base_type;
  switch (rule.type) {
    case boolean:
      return base == "bool" ? std::optional(HashForm::int4) : std::nullopt;
    case integer:
      if (is_one_of(base, {"int2", "int4"})) return HashForm::int4;
      return base == "int8" ? std::optional(HashForm::int8) : std::nullopt;
    case decimal:
      return is_one_of(base, {"numeric", "int2", "int4", "int8"}) ? std::optional(HashForm::numeric) : std::nullopt;
    case float4:
      return base == "float4" ? std::optional(HashForm::float8) : std::nullopt;
    case float8:
      return is_one_of(base, {"float4", "float8"}) ? std::optional(HashForm::float8) : std::nullopt;
    case text:
      return utf8 && is_one_of(base, {"text", "varchar"}) ? std::optional(HashForm::text) : std::nullopt;
    case character:
      return utf8 && is_one_of(base, {"text", "varchar", "bpchar"}) ? std::optional(HashForm::character) : std::nullopt;
    case bytes:
      return base == "bytea" ? std::optional(HashForm::bytes) : std::nullopt;
    case timestamp:
      if (base == "timestamp" && rule.zone != nullptr) return std::nullopt;
      return is_one_of(base, {"timestamp", "timestamptz"}) ? std::optional(HashForm::timestamp) : std::nullopt;
    case date:
      return base == "date" ? std::optional(HashForm::date) : std::nullopt;
    case time:
      break;
    case uuid:
      return base == "uuid" ? std::optional(HashForm::uuid) : std::nullopt;
    case json:
      return utf8 && base == "jsonb" ? std::optional(HashForm::json) : std::nullopt;
    case exact:
      break;
  }
  return std::nullopt;
}

// Whether two values of the column that read alike under the rule are always one value to its unique index.
bool unique_as_compared(const ColumnDescription& column, const ColumnRule& rule, Engine engine) {
  if (engine == Engine::postgres) return postgres_form(column, rule, true).has_value();
  if (column.native_order && rule.type == ComparisonType::integer) return true;  // the rowid
  return column.type == ComparisonType::text && rule.type == ComparisonType::text;
}

bool has_unique_key(const ScanSpec& scan, Engine engine) {
  const auto in_key = [&](const std::string& name) {
    for (std::size_t i = 0; i < scan.key_columns; ++i) {
      if (scan.columns[i].name == name) return unique_as_compared(scan.columns[i], scan.rules[i], engine);
    }
    return false;
  };
  const auto& keys = scan.table.unique_keys;
  return std::any_of(keys.begin(), keys.end(),
                     [&](const auto& key) { return !key.empty() && std::all_of(key.begin(), key.end(), in_key); });
}

/// One side of a column pair.
struct SideColumn {
  const ColumnDescription& column;
  const ColumnRule& rule;
  Engine engine;
  bool utf8;
};

std::variant<HashColumn, std::string> hash_column(const SideColumn& old_side, const SideColumn& new_side) {
  HashColumn column;
  for (const SideColumn* side : {&old_side, &new_side}) {
    if (side->engine != Engine::postgres) continue;
    const auto form = postgres_form(side->column, side->rule, side->utf8);
    if (!form) {
      return fmt::format("PostgreSQL has no hash of {} ({}) as {}", side->column.name, side->column.declared,
                         to_string(side->rule.type));
    }
    column.form = column.form == HashForm::int8 ? HashForm::int8 : *form;
    column.nullable = column.nullable || side->column.nullable;
  }
  return column;
}

}  // namespace

std::optional<std::int64_t> Partition::first_key(std::uint32_t bucket) const {
  if (bucket >= buckets) return std::nullopt;
  if (!heap.keys.empty()) return heap.keys[bucket];
  // Within the range, so nothing overflows.
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(begin) + width * bucket);
}

std::uint32_t Partition::bucket_of(std::int64_t key) const {
  if (!heap.keys.empty()) {
    const auto after = std::upper_bound(heap.keys.begin() + 1, heap.keys.end(), key);
    return static_cast<std::uint32_t>(after - heap.keys.begin() - 1);
  }
  if (key < begin) return 0;
  const std::uint64_t away = static_cast<std::uint64_t>(key) - static_cast<std::uint64_t>(begin);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(away / width, buckets - 1));
}

Partition partition_heap(std::int64_t smallest, HeapOrder heap) {
  heap.keys.front() = smallest;
  Partition partition{
      .kind = Partition::Kind::range, .buckets = static_cast<std::uint32_t>(heap.keys.size()), .begin = smallest};
  partition.heap = std::move(heap);
  return partition;
}

Partition partition_range(const KeyRange& range, std::uint32_t buckets) {
  const std::uint64_t span = static_cast<std::uint64_t>(range.largest) - static_cast<std::uint64_t>(range.smallest);
  const std::uint64_t width = span / buckets + 1;
  return {.kind = Partition::Kind::range,
          .buckets = static_cast<std::uint32_t>(span / width + 1),
          .begin = range.smallest,
          .width = width};
}

std::variant<HashPlan, std::string> plan_hashes(const ScanSpec& old_scan, Engine old_engine, const ScanSpec& new_scan,
                                                Engine new_engine, bool wide) {
  HashPlan plan{.key_columns = old_scan.key_columns, .wide = wide};
  if (plan.key_columns == 0) return "it has no key";
  if (old_scan.columns.size() > most_columns) return fmt::format("it has more than {} columns", most_columns);
  if (!has_unique_key(old_scan, old_engine) && !has_unique_key(new_scan, new_engine)) {
    return "no constraint says that its key is unique";
  }
  for (std::size_t i = 0; i < old_scan.columns.size(); ++i) {
    auto column = hash_column({old_scan.columns[i], old_scan.rules[i], old_engine, old_scan.table.utf8},
                              {new_scan.columns[i], new_scan.rules[i], new_engine, new_scan.table.utf8});
    if (auto* reason = std::get_if<std::string>(&column)) return std::move(*reason);
    plan.columns.push_back(std::get<HashColumn>(column));
    if (i < plan.key_columns && plan.columns.back().nullable) {
      return fmt::format("the key column {} may hold NULL", old_scan.columns[i].name);
    }
    if (i >= plan.key_columns) plan.order.push_back(i);
  }
  return plan;
}

}  // namespace sluice::stores
