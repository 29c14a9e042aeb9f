#include "suites/migration/table_mapping.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"

namespace sluice::migration {
namespace {

using stores::ColumnDescription;
using stores::ComparisonType;
using stores::TableDescription;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return text;
}

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
    if (lower(column.name) != lower(name)) continue;
    if (found != nullptr) return nullptr;
    found = &column;
  }
  return found;
}

/// Builds one mapping and gathers everything that is wrong with it.
class Mapper {
 public:
  Mapper(const TableRequest& request, TableDescription old_table, TableDescription new_table) {
    mapping_.request = request;
    mapping_.old_table = std::move(old_table);
    mapping_.new_table = std::move(new_table);
  }

  TableMapping run() {
    check_names();
    pair_columns();
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
    if (mapping_.old_table.find(name) != nullptr) return;
    problems_.push_back(fmt::format("`{}` names the column {}, which the old side does not have{}", parameter,
                                    printable(name, 100), stores::did_you_mean(name, names_of(mapping_.old_table))));
  }

  void check_names() {
    for (const auto& name : request().key) require_old_column(name, "key");
    for (const auto& name : request().ignore) require_old_column(name, "ignore");
    for (const auto& [name, type] : request().types) require_old_column(name, "types");
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

  void pair_columns() {
    std::set<std::string> used;
    std::vector<std::string> unmapped;
    for (const auto& column : mapping_.old_table.columns) {
      const auto renamed = request().columns.find(column.name);
      const bool named = renamed != request().columns.end();
      const ColumnDescription* const partner =
          named ? mapping_.new_table.find(renamed->second) : find_folded(mapping_.new_table, column.name);
      if (is_ignored(column.name)) {
        if (partner != nullptr) used.insert(partner->name);
        continue;
      }
      if (partner == nullptr) {
        if (!named) unmapped.push_back(printable(column.name, 100));
        continue;
      }
      if (!used.insert(partner->name).second) {
        problems_.push_back(fmt::format("two old columns are compared with the new column {}; map them in `columns`",
                                        printable(partner->name, 100)));
        continue;
      }
      add_pair(column, *partner);
    }
    if (!unmapped.empty()) {
      problems_.push_back(fmt::format("the new side has no column for {}; map each in `columns` or list it in `ignore`",
                                      fmt::join(unmapped, ", ")));
    }
    for (const auto& column : mapping_.new_table.columns) {
      if (!used.contains(column.name)) mapping_.only_new.push_back(column.name);
    }
  }

  void add_pair(const ColumnDescription& old_column, const ColumnDescription& new_column) {
    const auto chosen = request().types.find(old_column.name);
    const auto type = chosen != request().types.end() ? std::optional(chosen->second)
                                                      : stores::common_type(old_column.type, new_column.type);
    if (!type) {
      problems_.push_back(fmt::format(
          "column {} is {} on the old side and {} on the new side, which have no common reading; set `types: {{{}: "
          "…}}` "
          "to one of {}",
          printable(old_column.name, 100), printable(old_column.declared, 100), printable(new_column.declared, 100),
          printable(old_column.name, 100), fmt::join(stores::comparison_type_names(), ", ")));
      return;
    }
    mapping_.columns.push_back({.old_column = old_column, .new_column = new_column, .type = *type});
  }

  // The primary key of the old side, else that of the new side, as names of the old side.
  std::vector<std::string> default_key() const {
    if (!mapping_.old_table.primary_key.empty()) return mapping_.old_table.primary_key;
    std::vector<std::string> key;
    for (const auto& name : mapping_.new_table.primary_key) {
      const auto pair = std::find_if(mapping_.columns.begin(), mapping_.columns.end(),
                                     [&](const ColumnPair& entry) { return entry.new_column.name == name; });
      if (pair == mapping_.columns.end()) return {};
      key.push_back(pair->old_column.name);
    }
    return key;
  }

  void order_key() {
    const std::vector<std::string> key = request().key.empty() ? default_key() : request().key;
    if (key.empty()) {
      problems_.emplace_back("it has no primary key on either side; name columns that are unique together in `key`");
      return;
    }
    auto place = mapping_.columns.begin();
    for (const auto& name : key) {
      const auto pair = std::find_if(place, mapping_.columns.end(),
                                     [&](const ColumnPair& entry) { return entry.old_column.name == name; });
      if (pair == mapping_.columns.end()) {
        if (mapping_.old_table.find(name) != nullptr && (is_ignored(name) || problems_.empty())) {
          problems_.push_back(fmt::format("the key column {} is not compared, or named twice; a key must be compared",
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
      std::rotate(place, pair, pair + 1);
      ++place;
    }
    mapping_.key_columns = key.size();
  }

  TableMapping mapping_;
  std::vector<std::string> problems_;
};

std::map<std::string, std::string> text_map(const Parameters& table, const char* name) {
  return table.has(name) ? table.value(name).get<std::map<std::string, std::string>>()
                         : std::map<std::string, std::string>{};
}

std::string text_or(const Parameters& table, const char* name, const std::string& otherwise) {
  return table.has(name) ? table.text(name) : otherwise;
}

}  // namespace

std::vector<TableRequest> table_requests(const Parameters& parameters) {
  std::vector<TableRequest> requests;
  std::vector<std::string> problems;
  for (const auto& [name, value] : parameters.value("tables").items()) {
    const Parameters table(value.is_null() ? nlohmann::json::object() : value);
    TableRequest request{.old_table = name,
                         .new_table = text_or(table, "to", name),
                         .key = table.texts("key"),
                         .columns = text_map(table, "columns"),
                         .ignore = table.texts("ignore"),
                         .where_old = text_or(table, "where_old", ""),
                         .where_new = text_or(table, "where_new", "")};
    for (const auto& [column, type_name] : text_map(table, "types")) {
      const auto type = stores::parse_comparison_type(type_name);
      if (type) {
        request.types[column] = *type;
      } else {
        problems.push_back(fmt::format("table {}: `types` gives {} the type '{}', which is none of {}", name, column,
                                       printable(type_name, 100), fmt::join(stores::comparison_type_names(), ", ")));
      }
    }
    try {
      if (table.has("zone")) request.zone = stores::TimeZone::load(table.text("zone"));
    } catch (const InputError& error) {
      problems.push_back(fmt::format("table {}: {}", name, error.what()));
    }
    requests.push_back(std::move(request));
  }
  if (!problems.empty()) throw InputError(fmt::format("{}", fmt::join(problems, "; ")));
  return requests;
}

namespace {

stores::ScanSpec scan_of(const TableMapping& mapping, bool old) {
  stores::ScanSpec spec;
  spec.table = old ? mapping.old_table : mapping.new_table;
  spec.key_columns = mapping.key_columns;
  spec.where = old ? mapping.request.where_old : mapping.request.where_new;
  for (const auto& pair : mapping.columns) {
    const auto& column = old ? pair.old_column : pair.new_column;
    spec.columns.push_back(column);
    spec.rules.push_back({.type = pair.type,
                          .zone = old ? mapping.request.zone : nullptr,
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
  for (std::size_t i = 0; i < key_columns; ++i) names.push_back(columns[i].old_column.name);
  return names;
}

TableMapping map_table(const TableRequest& request, TableDescription old_table, TableDescription new_table) {
  return Mapper(request, std::move(old_table), std::move(new_table)).run();
}

}  // namespace sluice::migration
