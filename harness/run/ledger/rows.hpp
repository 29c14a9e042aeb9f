#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "harness/core/result.hpp"

namespace sluice::ledger {

/// One value of the ledger's tables: NULL, INTEGER, REAL or TEXT.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;
using Row = std::vector<Cell>;

/// A table whose rows belong to runs. Its first column is always `sequence`.
struct TableSpec {
  std::string name;
  std::vector<std::string> columns;  ///< those that the record's hash covers, in the order in which it does
  std::size_t key = 1;               ///< how many of them, from the first, tell its rows apart and order them

  /// Where a column is; std::logic_error when there is none of that name.
  std::size_t column(const std::string& wanted) const;
};

/// runs, phases, outcomes, metrics, identities: what one record is made of, in this order.
inline constexpr std::size_t table_count = 5;
const std::array<TableSpec, table_count>& tables();

/// The rows of one run, table by table.
using RunRows = std::array<std::vector<Row>, table_count>;

/// What only the ledger knows of a run.
struct Place {
  std::uint64_t sequence = 0;
  TimePoint recorded{};
  std::string previous;  ///< hash of the record before it
};

/// How the rows of a record are made today. It is recorded in each run, so that older records can still be read.
inline constexpr std::int64_t record_format = 1;

/// What the ledger keeps of a run. NaN, which SQLite cannot hold, becomes NULL.
RunRows rows_of(const RunResult& result, const Place& place);

/// The hash before the first record.
std::string first_previous();

/// SHA-256 over the previous record's hash and every cell of every row with its type and length, so that no two
/// different histories are the same bytes. Lower-case hex.
std::string record_hash(const std::string& previous, const RunRows& rows);

}  // namespace sluice::ledger
