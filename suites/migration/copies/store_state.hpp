#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness/core/outcome.hpp"
#include "harness/stores/store.hpp"

namespace sluice::migration {

/// What is compared of two states of the same stores, and what is not.
struct StateOptions {
  stores::StoreOptions store;
  std::filesystem::path work;  ///< a folder that exists, for rows without a key that must be sorted
  /// Names that may differ: "table", "table.column", "sequence".
  std::set<std::string> ignore;
  bool data = true;
  bool schema = true;
  bool sequences = true;
  /// Not where one state was made by dump and restore, which computes these views anew.
  bool materialized_views = true;
  /// Not where a row was taken away on purpose, which an index of texts may lose as well.
  bool virtual_tables = true;
  /// A sequence may be ahead of where it should be: numbers that a rolled-back transaction took are lost by design.
  bool sequences_may_be_ahead = false;
  std::size_t sample = 5;  ///< differing rows of a table that become findings
  std::string reproduce;
};

/// The result of comparing two states.
struct StateDifference {
  /// Rules row-missing, row-extra, row-changed, sequence-changed, schema-missing, schema-extra; old_value is what was
  /// expected, new_value what is there. A bounded sample.
  std::vector<Finding> findings;
  std::uint64_t total = 0;
  std::uint64_t tables = 0;
  std::uint64_t rows = 0;  ///< compared
  std::vector<std::string>
      volatile_names;  ///< "table.column" of changed cells, "table", "sequence": what `ignore` takes

  bool none() const { return total == 0; }
};

/// Compares two states of the stores, side by side: every row of every table through the row comparison (also of
/// SQLite's virtual tables and of materialized views), the schema as the catalog tells it, and the sequences.
/// `expected` and `actual`: side -> URL; the same sides. A side that is the same store as another is compared once.
/// Throws what stores throw.
StateDifference compare_states(const std::map<std::string, std::string>& expected,
                               const std::map<std::string, std::string>& actual, const StateOptions& options);

/// What is unsound in a state whatever it is compared with: indexes that are invalid, transactions that are prepared
/// and wait for their end. One sentence each.
std::vector<std::string> unsound(const std::map<std::string, std::string>& state, const stores::StoreOptions& options);

/// Deletes one row of a table on any side, as a control's violation; says which table. Empty when no row could go.
std::string damage_state(const std::map<std::string, std::string>& state, const stores::StoreOptions& options,
                         const std::set<std::string>& ignore);

}  // namespace sluice::migration
