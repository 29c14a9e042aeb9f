#pragma once
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "harness/core/outcome.hpp"
#include "suites/migration/rows/table_mapping.hpp"

namespace sluice::migration {

/// Several old tables that went into one new table: each has a condition on the new side, and every row there must be
/// claimed by exactly one of them.
class MergedTable {
 public:
  struct Counts {
    std::uint64_t unclaimed = 0;
    std::uint64_t contested = 0;  ///< claimed by several
    std::vector<Finding> findings;
    std::vector<stores::OwnedRow> keys;  ///< of these rows, unless the table has no primary key
    std::uint64_t bad() const { return unclaimed + contested; }
    /// Whether the rows can be read again by their keys.
    bool all_keyed() const { return keys.size() == bad(); }
  };

  /// `sources` go into one table and stay where they are. Rows that none of them claims may be right.
  MergedTable(std::vector<const TableMapping*> sources, bool unclaimed_allowed)
      : sources_(std::move(sources)), unclaimed_allowed_(unclaimed_allowed) {}

  /// Reads the rows that are not claimed by exactly one source, or by several, within the store's snapshot.
  Counts count(stores::Store& new_store, std::size_t sample, const std::string& reproduce) const;
  /// Those of the rows of `last` that still are not; `last` itself where they are too many or have no key.
  Counts recount(stores::Store& new_store, const Counts& last, std::size_t sample, const std::string& reproduce) const;
  /// Takes the condition of one source that has rows twice: all of them must then be found contested. Leaves it out:
  /// they must be found unclaimed, unless they may be.
  Control control(stores::Store& new_store, const std::string& reproduce) const;

 private:
  struct Reading {
    std::size_t sample;
    const std::string& reproduce;
    std::size_t altered = nothing;                ///< a source whose condition counts
    int times = 1;                                ///< so often
    std::span<const stores::OwnedRow> only = {};  ///< all rows when empty
  };
  void count_claims(stores::Store& new_store, const Reading& reading, Counts& counts) const;
  std::string claims(std::size_t altered, int times) const;
  Control control_of(stores::Store& new_store, const std::string& reproduce, int times) const;

  static constexpr std::size_t nothing = std::numeric_limits<std::size_t>::max();
  std::vector<const TableMapping*> sources_;
  bool unclaimed_allowed_;
};

/// The new tables that several of `mappings` go into.
std::vector<MergedTable> merged_tables(const std::vector<TableMapping>& mappings, bool unclaimed_allowed);

}  // namespace sluice::migration
