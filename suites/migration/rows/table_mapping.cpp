#include "suites/migration/rows/table_mapping.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "harness/core/ascii.hpp"
#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"

namespace sluice::migration {
namespace {

using stores::ColumnDescription;
using stores::ComparisonType;
using stores::TableDescription;

std::vector<std::string> names_of(const TableDescription& table) {
  std::vector<std::string> names;
  for (const auto& column : table.columns) names.push_back(column.name);
  return names;
}

// The column of exactly that name, or the only one that differs in ASCII case: engines fold names differently.
const ColumnDescription* find_folded(const TableDescription& table, const std::string& name) {
  if (const auto* exact = table.find(name)) return exact;
  const ColumnDescription* found = nullptr;
  for (const auto& column : table.columns) {
    if (ascii_lower(column.name) != ascii_lower(name)) continue;
    if (found != nullptr) return nullptr;
    found = &column;
  }
  return found;
}

/// Builds one mapping and gathers everything that is wrong with it.
class Mapper {
 public:
  Mapper(const TableRequest& request, TableDescription old_table, TableDescription new_table, const IdMaps& id_maps)
      : id_maps_(id_maps) {
    mapping_.request = request;
    mapping_.old_table = std::move(old_table);
    mapping_.new_table = std::move(new_table);
  }

  TableMapping run() {
    check_names();
    pair_columns();
    pair_expressions();
    check_tolerances();
    if (request().multiset || (request().key.empty() && has_no_key()))
      order_as_multiset();
    else
      order_key();
    if (!problems_.empty()) {
      throw InputError(
          fmt::format("table {}: {}", printable(mapping_.request.old_table, 100), fmt::join(problems_, "; ")));
    }
    return std::move(mapping_);
  }

 private:
  const TableRequest& request() const { return mapping_.request; }

  void require_old_column(const std::string& name, const char* parameter) {
    if (mapping_.old_table.find(name) != nullptr || request().expressions.contains(name)) return;
    problems_.push_back(fmt::format("`{}` names the column {}, which the old side does not have{}", parameter,
                                    printable(name, 100), stores::did_you_mean(name, names_of(mapping_.old_table))));
  }

  void check_names() {
    for (const auto& name : request().key) require_old_column(name, "key");
    for (const auto& name : request().ignore) require_old_column(name, "ignore");
    for (const auto& [name, type] : request().types) require_old_column(name, "types");
    for (const auto& [name, zone] : request().zones) require_old_column(name, "zones");
    for (const auto& [name, tolerance] : request().tolerances) require_old_column(name, "tolerance");
    for (const auto& [name, map] : request().ids) {
      require_old_column(name, "ids");
      if (!id_maps_.contains(map)) {
        problems_.push_back(fmt::format("`ids` translates {} by the id map {}, which `id_maps` does not have",
                                        printable(name, 100), printable(map, 100)));
      }
    }
    for (const auto& [name, expression] : request().expressions) {
      for (const auto& column : expression.covers) {
        if (mapping_.new_table.find(column) == nullptr) require_old_column(column, "covers");
      }
    }
    for (const auto& [name, target] : request().columns) {
      require_old_column(name, "columns");
      if (mapping_.new_table.find(target) == nullptr) {
        problems_.push_back(fmt::format("`columns` sends {} to the column {}, which the new side does not have{}",
                                        printable(name, 100), printable(target, 100),
                                        stores::did_you_mean(target, names_of(mapping_.new_table))));
      }
    }
  }

  bool is_ignored(const std::string& name) const {
    return std::find(request().ignore.begin(), request().ignore.end(), name) != request().ignore.end();
  }

  // Made by add_expressions(), not the table's own.
  bool is_computed(const std::string& name, bool old) const {
    return std::any_of(request().expressions.begin(), request().expressions.end(), [&](const auto& entry) {
      const ColumnExpression& expression = entry.second;
      return old ? expression.old_column == name && expression.old_sql != name
                 : expression.new_column == name && expression.new_sql != name;
    });
  }

  bool is_covered(const std::string& name) const {
    return std::any_of(request().expressions.begin(), request().expressions.end(), [&](const auto& entry) {
      const auto& covers = entry.second.covers;
      return entry.second.old_column == name || std::find(covers.begin(), covers.end(), name) != covers.end();
    });
  }

  void pair_expressions() {
    for (const auto& [name, expression] : request().expressions) {
      const auto* old_column = mapping_.old_table.find(expression.old_column);
      const auto* new_column = mapping_.new_table.find(expression.new_column);
      if (old_column == nullptr || new_column == nullptr)
        problems_.push_back(fmt::format("the expression {} was not described", printable(name, 100)));
      else
        add_pair(name, *old_column, *new_column);
    }
  }

  void pair_columns() {
    std::set<std::string> used;
    for (const auto& [name, expression] : request().expressions) {
      used_by_expressions_.insert(expression.new_column);
      used_by_expressions_.insert(expression.covers.begin(), expression.covers.end());
    }
    std::vector<std::string> unmapped;
    for (const auto& column : mapping_.old_table.columns) {
      // An expression of its name stands in its place.
      if (is_computed(column.name, true) || request().expressions.contains(column.name)) continue;
      const auto renamed = request().columns.find(column.name);
      const bool named = renamed != request().columns.end();
      const ColumnDescription* const partner =
          named ? mapping_.new_table.find(renamed->second) : find_folded(mapping_.new_table, column.name);
      if (is_ignored(column.name)) {
        if (partner != nullptr) used.insert(partner->name);
        continue;
      }
      if (partner == nullptr) {
        if (!named && !is_covered(column.name)) unmapped.push_back(printable(column.name, 100));
        continue;
      }
      if (!used.insert(partner->name).second) {
        problems_.push_back(fmt::format("two old columns are compared with the new column {}; map them in `columns`",
                                        printable(partner->name, 100)));
        continue;
      }
      add_pair(column.name, column, *partner);
    }
    if (!unmapped.empty()) {
      problems_.push_back(
          fmt::format("the new side has no column for {}; map each in `columns`, list it in `ignore`, or name the "
                      "expression that covers it",
                      fmt::join(unmapped, ", ")));
    }
    for (const auto& column : mapping_.new_table.columns) {
      if (used.contains(column.name) || used_by_expressions_.contains(column.name)) continue;
      mapping_.only_new.push_back(column.name);
    }
  }

  void add_pair(const std::string& name, const ColumnDescription& old_column, const ColumnDescription& new_column) {
    const auto chosen = request().types.find(name);
    const auto mapped = request().ids.find(name);
    const auto known = mapped == request().ids.end() ? id_maps_.end() : id_maps_.find(mapped->second);
    const auto ids = known == id_maps_.end() ? nullptr : known->second;
    const auto type = chosen != request().types.end()
                          ? std::optional(chosen->second)
                          : stores::common_type(ids ? ids->new_type() : old_column.type, new_column.type);
    if (!type) {
      problems_.push_back(fmt::format(
          "column {} is {} on the old side and {} on the new side, which have no common reading; set `types: {{{}: "
          "…}}` "
          "to one of {}",
          printable(name, 100), printable(old_column.declared, 100), printable(new_column.declared, 100),
          printable(name, 100), fmt::join(stores::comparison_type_names(), ", ")));
      return;
    }
    const auto tolerance = request().tolerances.find(name);
    mapping_.columns.push_back({.name = name,
                                .old_column = old_column,
                                .new_column = new_column,
                                .type = *type,
                                .tolerance = tolerance == request().tolerances.end() ? nullptr : tolerance->second,
                                .ids = ids});
  }

  void check_tolerances() {
    for (const auto& pair : mapping_.columns) {
      if (!pair.tolerance || pair.tolerance->fits(pair.type)) continue;
      problems_.push_back(fmt::format("the tolerance '{}' of {} says nothing of values compared as {}",
                                      pair.tolerance->text(), printable(pair.name, 100), to_string(pair.type)));
    }
  }

  bool has_no_key() const { return mapping_.old_table.primary_key.empty() && mapping_.new_table.primary_key.empty(); }

  void order_as_multiset() {
    mapping_.multiset = true;
    mapping_.key_columns = mapping_.columns.size();
    if (mapping_.columns.empty()) problems_.emplace_back("no column of it is compared");
    for (const auto& pair : mapping_.columns) {
      if (pair.tolerance) {
        problems_.push_back(fmt::format("{} cannot have a tolerance: rows without a key are equal or not; name a `key`",
                                        printable(pair.name, 100)));
      }
    }
  }

  // The primary key of the old side, else that of the new side, as names of the old side.
  std::vector<std::string> default_key() const {
    if (!mapping_.old_table.primary_key.empty()) return mapping_.old_table.primary_key;
    std::vector<std::string> key;
    for (const auto& name : mapping_.new_table.primary_key) {
      const auto pair = std::find_if(mapping_.columns.begin(), mapping_.columns.end(),
                                     [&](const ColumnPair& entry) { return entry.new_column.name == name; });
      if (pair == mapping_.columns.end()) return {};
      key.push_back(pair->name);
    }
    return key;
  }

  void order_key() {
    const std::vector<std::string> key = request().key.empty() ? default_key() : request().key;
    if (key.empty()) {
      problems_.emplace_back(
          "the new side's primary key has no columns of the old side; name columns that are unique together in `key`, "
          "or "
          "set `multiset: true` to count equal rows");
      return;
    }
    auto place = mapping_.columns.begin();
    for (const auto& name : key) {
      const auto pair =
          std::find_if(place, mapping_.columns.end(), [&](const ColumnPair& entry) { return entry.name == name; });
      if (pair == mapping_.columns.end()) {
        if (mapping_.old_table.find(name) != nullptr && (is_ignored(name) || problems_.empty())) {
          problems_.push_back(fmt::format(
              "the key column {} is not compared, or named twice; a key must be compared: name another in `key`, "
              "translate it with `ids`, or set `multiset: true` to count equal rows",
              printable(name, 100)));
        }
        return;
      }
      if (pair->type == ComparisonType::json) {
        problems_.push_back(
            fmt::format("the key column {} is JSON, which has no order; choose another key or set "
                        "`types: {{{}: text}}`",
                        printable(name, 100), printable(name, 100)));
        return;
      }
      if (pair->tolerance) {
        problems_.push_back(
            fmt::format("the key column {} cannot have a tolerance: rows are matched by it", printable(name, 100)));
        return;
      }
      std::rotate(place, pair, pair + 1);
      ++place;
    }
    mapping_.key_columns = key.size();
  }

  const IdMaps& id_maps_;
  TableMapping mapping_;
  std::set<std::string> used_by_expressions_;
  std::vector<std::string> problems_;
};

}  // namespace

namespace {

stores::ScanSpec scan_of(const TableMapping& mapping, bool old) {
  stores::ScanSpec spec;
  spec.table = old ? mapping.old_table : mapping.new_table;
  spec.key_columns = mapping.sorted_here(old) ? 0 : mapping.key_columns;
  spec.where = old ? mapping.request.where_old : mapping.request.where_new;
  for (const auto& pair : mapping.columns) {
    const auto& column = old ? pair.old_column : pair.new_column;
    spec.columns.push_back(column);
    const auto own_zone = mapping.request.zones.find(pair.name);
    const auto& zone = own_zone == mapping.request.zones.end() ? mapping.request.zone : own_zone->second;
    spec.rules.push_back({.type = pair.type,
                          .zone = old ? zone : nullptr,
                          .single_precision = column.single_precision,
                          .warn_inexact = column.type == ComparisonType::decimal});
  }
  return spec;
}

}  // namespace

stores::ScanSpec TableMapping::old_scan() const { return scan_of(*this, true); }
stores::ScanSpec TableMapping::new_scan() const { return scan_of(*this, false); }

std::vector<std::string> TableMapping::key_names() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < key_columns; ++i) names.push_back(columns[i].name);
  return names;
}

std::string TableMapping::row_by_row() const {
  if (multiset) return "its rows have no key and are counted";
  for (const auto& pair : columns) {
    if (pair.ids) return fmt::format("{} is translated by an id map", printable(pair.name, 100));
    if (request.expressions.contains(pair.name)) return fmt::format("{} is an expression", printable(pair.name, 100));
  }
  return {};
}

bool TableMapping::sorted_here(bool old) const {
  if (multiset) return true;
  return old && std::any_of(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(key_columns),
                            [](const ColumnPair& pair) { return pair.ids != nullptr; });
}

TableMapping map_table(const TableRequest& request, TableDescription old_table, TableDescription new_table,
                       const IdMaps& id_maps) {
  return Mapper(request, std::move(old_table), std::move(new_table), id_maps).run();
}

}  // namespace sluice::migration
