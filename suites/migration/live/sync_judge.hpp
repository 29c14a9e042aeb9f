#pragma once
#include <chrono>
#include <cstdint>
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
  std::size_t rows = 0;
  std::chrono::nanoseconds took{0};
};

/// Two writes of one item, one on each side, and what both sides hold of it in the end.
struct SyncConflict {
  std::string kind;  ///< "update/update", "delete/update", "update/delete": the old side's write first
  bool old_was_first = true;
  std::string key;
  SyncValue old_wrote, new_wrote;
  SyncValue old_end, new_end;
};

/// How often something changed once all should have been at rest.
struct SyncUnrest {
  std::string side;
  std::string key;  ///< empty: the side's `changes`
  std::uint64_t changes = 0;
  std::string first, last;
};

struct SyncEvidence {
  std::vector<SyncPropagation> propagations;
  std::vector<SyncConflict> conflicts;
  std::vector<SyncUnrest> unrest;
};

struct SyncProblem {
  std::string rule;  ///< "not-propagated", "row-doubled", "conflict-diverged", "conflict-policy", "echo-loop"
  std::string summary;
  std::string what;  ///< "update old to new", "delete/update, old first"
  std::string key;
  std::string old_value, new_value;
};

/// The problems, propagations first. A conflict is judged by its policy together with others of its kind and order:
/// most of them must end as the policy says, as now and then a first write is over before the second begins and there
/// is no conflict.
std::vector<SyncProblem> judge_sync(const SyncEvidence& evidence, SyncPolicy policy);

/// What a conflict must end with.
SyncValue expected_end(const SyncConflict& conflict, SyncPolicy policy);

}  // namespace sluice::migration
