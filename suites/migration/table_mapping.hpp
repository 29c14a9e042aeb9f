#pragma once
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/core/parameters.hpp"
#include "harness/stores/store.hpp"

namespace sluice::migration {

/// What the plan says about one table of the old side.
struct TableRequest {
  std::string old_table;
  std::string new_table;
  std::vector<std::string> key;                ///< old column names; empty: the primary key
  std::map<std::string, std::string> columns;  ///< old name -> new name; others keep their name
  std::vector<std::string> ignore;             ///< old columns that are not compared
  std::map<std::string, stores::ComparisonType> types;
  std::shared_ptr<const stores::TimeZone> zone;  ///< of the old side's timestamps that carry none; null: UTC
  std::string where_old;
  std::string where_new;
};

/// Reads the parameter `tables` of the plan. Throws InputError with every wrong type and zone at once.
std::vector<TableRequest> table_requests(const Parameters& parameters);

/// One pair of columns, and what it is compared as.
struct ColumnPair {
  stores::ColumnDescription old_column;
  stores::ColumnDescription new_column;
  stores::ComparisonType type = stores::ComparisonType::exact;
};

/// How one table of the old side is compared with one of the new side; every column of the old side is accounted for.
struct TableMapping {
  TableRequest request;
  stores::TableDescription old_table;
  stores::TableDescription new_table;
  std::vector<ColumnPair> columns;  ///< the key first
  std::size_t key_columns = 0;
  std::vector<std::string> only_new;  ///< columns that nothing on the old side corresponds to

  stores::ScanSpec old_scan() const;
  stores::ScanSpec new_scan() const;
  std::vector<std::string> key_names() const;  ///< of the old side
};

/// Throws InputError with everything that is wrong: columns that exist on one side only and are not ignored, a key that
/// is missing, types that have no common reading.
TableMapping map_table(const TableRequest& request, stores::TableDescription old_table,
                       stores::TableDescription new_table);

}  // namespace sluice::migration
