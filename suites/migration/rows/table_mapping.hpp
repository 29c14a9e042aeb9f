#pragma once
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/stores/store.hpp"
#include "suites/migration/rows/id_map.hpp"
#include "suites/migration/rows/table_request.hpp"

namespace sluice::migration {

/// One pair of columns, and what it is compared as.
struct ColumnPair {
  std::string name;  ///< the old column's, or the expression's
  stores::ColumnDescription old_column;
  stores::ColumnDescription new_column;
  stores::ComparisonType type = stores::ComparisonType::exact;
  std::shared_ptr<const Tolerance> tolerance = nullptr;
  std::shared_ptr<const IdMap> ids = nullptr;  ///< translates the old side's values before they are compared
};

using IdMaps = std::map<std::string, std::shared_ptr<const IdMap>>;

/// How one table of the old side is compared with one of the new side; every column of the old side is accounted for.
struct TableMapping {
  TableRequest request;
  stores::TableDescription old_table;
  stores::TableDescription new_table;
  std::vector<ColumnPair> columns;  ///< the key first
  std::size_t key_columns = 0;
  bool multiset = false;              ///< rows have no key: all columns are, and equal rows are counted
  std::vector<std::string> only_new;  ///< columns that nothing on the old side corresponds to

  stores::ScanSpec old_scan() const;
  stores::ScanSpec new_scan() const;
  std::vector<std::string> key_names() const;  ///< of the old side
  /// Why the table cannot be hashed where its rows are; empty when it can.
  std::string row_by_row() const;
  /// Whether the rows of a side come in another order than that of the keys as they are compared.
  bool sorted_here(bool old) const;
};

/// Throws InputError with everything that is wrong: columns that exist on one side only and are not ignored, a key that
/// is missing, types that have no common reading. Without a key on either side the rows are a multiset.
TableMapping map_table(const TableRequest& request, stores::TableDescription old_table,
                       stores::TableDescription new_table, const IdMaps& id_maps = {});

}  // namespace sluice::migration
