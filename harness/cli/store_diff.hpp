#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "suites/migration/rows/table_comparison.hpp"

namespace sluice::cli {

/// What of two stores is compared, and how.
struct DiffRequest {
  std::string old_url;
  std::string new_url;
  std::vector<std::pair<std::string, std::string>>
      tables;                        ///< old and new name, each pair once; empty: all that both have by name
  std::vector<std::string> exclude;  ///< tables of either side that are left out; with `tables` empty
  std::vector<std::string> key;      ///< old names, for one table; empty: the primary key
  std::vector<std::pair<std::string, std::string>> columns;  ///< old and new name or "", for one table; empty: all
  migration::Strategy strategy = migration::Strategy::automatic;
  std::size_t sample = 20;  ///< differing rows of a table that are kept
  std::string reproduce;    ///< the command line, its passwords blanked
};

/// One pair of tables, or why it could not be compared.
struct TableDiff {
  std::string old_table;
  std::string new_table;
  std::string problem;       ///< not empty: nothing below is known
  bool asked_wrong = false;  ///< the command line is wrong: it names what is not there, or a table twice
  std::vector<std::string> key;
  std::vector<std::string> columns;                                  ///< compared, the key first; old names
  std::vector<std::string> only_old, only_new;                       ///< columns that the other side lacks
  std::vector<std::pair<std::string, std::uint64_t>> cells_changed;  ///< by old column; those that changed
  migration::MergeTotals totals;
  std::string strategy;
  std::vector<Finding> findings;     ///< of a sample of the differing rows, then hazards
  std::uint64_t findings_total = 0;  ///< also of those not in the sample
  std::chrono::nanoseconds duration{0};

  std::uint64_t differing_rows() const { return totals.missing + totals.extra + totals.changed; }
  bool equal() const { return problem.empty() && differing_rows() == 0 && only_old.empty() && only_new.empty(); }
};

struct StoreDiff {
  std::string old_store;  ///< without passwords, as all names here
  std::string new_store;
  std::vector<TableDiff> tables;
  std::vector<std::string> only_old, only_new;  ///< tables; always empty when tables were named
  /// Views, virtual tables, and parts of other tables: they are compared when they are named, and are empty then.
  std::vector<std::string> left_out_old, left_out_new;
  std::vector<std::string> excluded;  ///< as they were asked for

  /// The command's: 2 when the command line names a table, column or key that is not one or the same table for both
  /// sides, 3 when a table could not be read or compared, 1 when something differs, 4 when there was not one row to
  /// compare, 0 when all is equal.
  int exit_code() const;
};

/// Told of every table while it is compared, by the thread that called diff_stores.
struct DiffObserver {
  std::function<void(const std::string& table)> started;
  /// `expected` is zero where the number of rows is not known.
  std::function<void(const std::string& table, std::uint64_t rows, std::uint64_t expected)> progressed;
  std::function<void(const std::string& table)> finished;
};

/// Compares the stores, each within one snapshot. What goes wrong with one table is kept as its problem and the others
/// are compared; what goes wrong with a store before the first table is thrown. Throws Cancelled.
StoreDiff diff_stores(const DiffRequest& request, const std::stop_token& cancelled, const DiffObserver& observer);

}  // namespace sluice::cli
