#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/core/errors.hpp"
#include "harness/stores/canonical.hpp"
#include "harness/stores/value.hpp"
#include "suites/migration/rows/tolerance.hpp"

namespace sluice::migration {

/// One pair of columns that is compared.
struct MergeColumn {
  std::string old_name;
  std::string new_name;
  stores::ColumnRule old_rule;
  stores::ColumnRule new_rule;
  std::shared_ptr<const Tolerance> tolerance = nullptr;  ///< a difference that is none; never of a key
};

/// Two rows of a side have one key.
class KeyNotUnique : public InputError {
 public:
  using InputError::InputError;
};

/// What is merged. The first `key_columns` columns are the key; both cursors come in the order of its encoding.
struct MergeSpec {
  std::string old_table;  ///< with its store, for messages: "captures (sqlite:captures.db)"
  std::string new_table;
  std::vector<MergeColumn> columns;
  std::size_t key_columns = 0;
  bool command_line = false;                                 ///< errors name its options, not the parameters of a plan
  bool nulls_match = false;                                  ///< NULL in the key equals NULL: the key is the whole row
  std::function<void(std::uint64_t rows)> on_progress = {};  ///< called now and then; may throw to stop
};

/// Told of everything a merge meets, in key order. Rows are valid during the call only.
class MergeObserver {
 public:
  virtual ~MergeObserver() = default;
  /// A key that is on both sides; called before `changed`.
  virtual void matched(const stores::RawRow& old_row, const stores::RawRow& new_row) = 0;
  /// The pair last matched differs in these columns.
  virtual void changed(const stores::RawRow& old_row, const stores::RawRow& new_row,
                       std::span<const std::size_t> columns) = 0;
  /// The pair last matched differs in this column, and its tolerance allows that; called before `changed`.
  virtual void tolerated(const stores::RawRow& old_row, const stores::RawRow& new_row, std::size_t column) = 0;
  virtual void missing(const stores::RawRow& old_row) = 0;
  virtual void extra(const stores::RawRow& new_row) = 0;
  /// Something unsound on the old side, before any migration.
  virtual void hazard(std::size_t column, stores::Hazard hazard, const stores::RawRow& old_row) = 0;
  /// An old row with NULL in its key, which no row can match; `missing` is called for it too.
  virtual void null_key(const stores::RawRow& old_row) = 0;
};

struct MergeTotals {
  std::uint64_t old_rows = 0;
  std::uint64_t new_rows = 0;
  std::uint64_t matched = 0;
  std::uint64_t changed = 0;
  std::uint64_t missing = 0;
  std::uint64_t extra = 0;
  bool operator==(const MergeTotals&) const = default;
};

/// Compares two ordered streams of rows, each read ahead on a thread of its own, in constant memory: each row is held
/// once, canonically encoded, and compared with the row of the same key. Throws InputError when a key comes twice on a
/// side, EnvironmentError when the order of a side is not strictly that of the encoding; either names the table and
/// both keys, as nothing that such a merge says could be believed.
MergeTotals merge_rows(stores::RowCursor& old_rows, stores::RowCursor& new_rows, const MergeSpec& spec,
                       MergeObserver& observer);

/// "id=7", "tenant=3, id='a'": the key of a row for people.
std::string printable_key(const stores::RawRow& row, const std::vector<std::string>& names);

}  // namespace sluice::migration
