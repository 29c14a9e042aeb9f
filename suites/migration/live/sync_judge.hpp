#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::migration {

/// Which of two conflicting writes is to stand.
enum class SyncPolicy { last_writer_wins, old_wins, new_wins };

using SyncValue = std::optional<std::string>;  ///< nullopt: there is no row

/// One write on one side, and what the other side showed of it.
struct SyncPropagation {
  std::string operation;  ///< "insert", "update", "delete"
  std::string from, to;   ///< sides
  std::string key;
  SyncValue wanted;
  SyncValue seen;  ///< the last that was read, at the deadline if it never was what is wanted
  SyncValue kept;  ///< what the side that it was written to showed then
  std::size_t rows = 0;
  std::chrono::nanoseconds took{0};
};

/// Two writes of one item, one on each side, and what both sides hold of it in the end.
struct SyncConflict {
  std::string kind;  ///< "update/update", "delete/update", "update/delete": the old side's write first
  bool old_was_first = true;
  std::string key;
  SyncValue old_wrote, new_wrote;
  bool at_once = false;  ///< both were under way at a time, so either may have been first
  bool met = true;       ///< the first write was not there yet when the second was about to be made: two that conflict
  SyncValue old_end, new_end;
  std::size_t old_rows = 0, new_rows = 0;
};

/// What an item that was written without a conflict, and reached the other side, is in the end.
struct SyncEnd {
  std::string key;
  SyncValue wanted;  ///< the last write
  SyncValue old_end, new_end;
  std::size_t old_rows = 0, new_rows = 0;
};

/// How often something still changed when all should long have been at rest.
struct SyncUnrest {
  std::string side;
  std::string key;  ///< empty: the side's `changes`
  std::uint64_t changes = 0;
  std::string first, last;
};

struct SyncEvidence {
  std::vector<SyncPropagation> propagations;
  std::vector<SyncConflict> conflicts;
  std::vector<SyncEnd> ends;
  std::vector<SyncUnrest> unrest;
};

struct SyncProblem {
  /// "not-propagated", "write-undone", "row-doubled", "conflict-diverged", "conflict-policy", "echo-loop"
  std::string rule;
  std::string summary;
  std::string what;  ///< "update old to new", "delete/update, old first"
  std::string key;
  std::string old_value, new_value;
};

/// The problems, propagations first. A conflict must end as the policy says or, as now and then a first write is over
/// before the second begins, as two writes in a row would; of those of a kind and order that met, most must end as the
/// policy says.
std::vector<SyncProblem> judge_sync(const SyncEvidence& evidence, SyncPolicy policy);

/// Of each kind and order of conflicts ("update/update, old first") how many met.
std::map<std::string, std::size_t> conflicts_met(const SyncEvidence& evidence);

/// What a conflict must end with.
SyncValue expected_end(const SyncConflict& conflict, SyncPolicy policy);

}  // namespace sluice::migration
