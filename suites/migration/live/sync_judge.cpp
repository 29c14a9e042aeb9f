#include "suites/migration/live/sync_judge.hpp"

#include <fmt/core.h>

#include <map>
#include <set>
#include <utility>

namespace sluice::migration {
namespace {

std::string end_text(const SyncValue& value) { return value.value_or("(no row)"); }

std::string group_of(const SyncConflict& conflict) {
  return fmt::format("{}, {} first", conflict.kind, conflict.old_was_first ? "old" : "new");
}

void judge_propagation(const SyncPropagation& propagation, std::vector<SyncProblem>& problems) {
  const auto& [operation, from, to, key, wanted, seen, kept, rows, took] = propagation;
  const bool to_new = to == "new";
  const bool arrived = seen == wanted;
  SyncProblem problem{.rule = {},
                      .summary = {},
                      .what = fmt::format("{} {} to {}", operation, from, to),
                      .key = key,
                      .old_value = end_text(to_new ? kept : seen),
                      .new_value = end_text(to_new ? seen : kept)};
  if (!arrived && kept == wanted) {
    problem.rule = "not-propagated";
    problem.summary =
        fmt::format("the {} of {} on the {} side did not reach the {} side in time", operation, key, from, to);
  } else if (!arrived) {
    problem.rule = "not-propagated";
    problem.summary = fmt::format(
        "the {} of {} on the {} side did not reach the {} side in time, and the {} side does not show it either: it "
        "was "
        "undone, or the statements do not fit each other",
        operation, key, from, to, from);
  } else if (kept != wanted) {
    problem.rule = "write-undone";
    problem.summary = fmt::format("the {} of {} on the {} side reached the {} side and was undone on the {} side",
                                  operation, key, from, to, from);
  } else if (rows > 1) {
    problem.rule = "row-doubled";
    problem.summary =
        fmt::format("after the {} on the {} side the {} side holds {} rows of {}", operation, from, to, rows, key);
  } else {
    return;
  }
  problems.push_back(std::move(problem));
}

void judge_rows(const std::string& what, const std::string& key, std::size_t old_rows, std::size_t new_rows,
                std::vector<SyncProblem>& problems) {
  if (old_rows < 2 && new_rows < 2) return;
  problems.push_back(
      {.rule = "row-doubled",
       .summary = fmt::format("in the end the old side holds {} rows of {}, the new side {}", old_rows, key, new_rows),
       .what = what,
       .key = key,
       .old_value = std::to_string(old_rows),
       .new_value = std::to_string(new_rows)});
}

void judge_end(const SyncEnd& end, std::vector<SyncProblem>& problems) {
  judge_rows("in the end", end.key, end.old_rows, end.new_rows, problems);
  if (end.old_end == end.wanted && end.new_end == end.wanted) return;
  problems.push_back({.rule = "write-undone",
                      .summary = fmt::format("the last write of {} had reached both sides and was undone", end.key),
                      .what = "wanted in the end: " + end_text(end.wanted),
                      .key = end.key,
                      .old_value = end_text(end.old_end),
                      .new_value = end_text(end.new_end)});
}

/// The conflicts of a kind and order.
struct ConflictGroup {
  std::size_t met = 0, wrong = 0;
  std::size_t as_in_a_row = 0;  // that met, and ended as two writes in a row would
  const SyncConflict* first_wrong = nullptr;

  bool failed() const { return wrong > 0 || as_in_a_row * 2 > met; }
};

// What two writes of which the second was made knowing the first would leave; an update may find no row any more.
bool ends_as_in_a_row(const SyncConflict& conflict) {
  if (conflict.at_once) return conflict.old_end == conflict.old_wrote || conflict.old_end == conflict.new_wrote;
  const auto& first = conflict.old_was_first ? conflict.old_wrote : conflict.new_wrote;
  const auto& second = conflict.old_was_first ? conflict.new_wrote : conflict.old_wrote;
  return conflict.old_end == second || (!first && !conflict.old_end);
}

void judge_conflict(const SyncConflict& conflict, SyncPolicy policy, ConflictGroup& group,
                    std::vector<SyncProblem>& problems) {
  judge_rows(group_of(conflict), conflict.key, conflict.old_rows, conflict.new_rows, problems);
  group.met += conflict.met;
  if (conflict.old_end != conflict.new_end) {
    problems.push_back(
        {.rule = "conflict-diverged",
         .summary = fmt::format("after conflicting writes the sides hold different values of {}", conflict.key),
         .what = group_of(conflict),
         .key = conflict.key,
         .old_value = end_text(conflict.old_end),
         .new_value = end_text(conflict.new_end)});
    return;
  }
  if (conflict.old_end == expected_end(conflict, policy)) return;
  const bool in_a_row = ends_as_in_a_row(conflict);
  if (in_a_row && !conflict.met) return;
  ++(in_a_row ? group.as_in_a_row : group.wrong);
  // One that nothing excuses is the one to show.
  if (group.first_wrong == nullptr || (!in_a_row && group.wrong == 1)) group.first_wrong = &conflict;
}

}  // namespace

SyncValue expected_end(const SyncConflict& conflict, SyncPolicy policy) {
  const bool old_stands =
      policy == SyncPolicy::old_wins || (policy == SyncPolicy::last_writer_wins && !conflict.old_was_first);
  return old_stands ? conflict.old_wrote : conflict.new_wrote;
}

std::vector<SyncProblem> judge_sync(const SyncEvidence& evidence, SyncPolicy policy) {
  std::vector<SyncProblem> problems;
  for (const auto& propagation : evidence.propagations) judge_propagation(propagation, problems);
  std::set<std::string> known;
  for (const auto& problem : problems) known.insert(problem.key);
  for (const auto& end : evidence.ends) {
    if (!known.contains(end.key)) judge_end(end, problems);
  }
  std::map<std::string, ConflictGroup> groups;
  for (const auto& conflict : evidence.conflicts)
    judge_conflict(conflict, policy, groups[group_of(conflict)], problems);
  for (const auto& [name, group] : groups) {
    if (!group.failed()) continue;
    const SyncConflict& first = *group.first_wrong;
    problems.push_back({.rule = "conflict-policy",
                        .summary = fmt::format("{} of {} conflicts did not end as the policy says, {} among them",
                                               group.wrong + group.as_in_a_row, group.met, first.key),
                        .what = name,
                        .key = first.key,
                        .old_value = "wanted: " + end_text(expected_end(first, policy)),
                        .new_value = end_text(first.new_end)});
  }
  for (const auto& unrest : evidence.unrest) {
    if (unrest.changes == 0) continue;
    problems.push_back(
        {.rule = "echo-loop",
         .summary = fmt::format("{} on the {} side went on changing, {} times, with nobody writing",
                                unrest.key.empty() ? "the count of changes" : unrest.key, unrest.side, unrest.changes),
         .what = "at rest, " + unrest.side,
         .key = unrest.key,
         .old_value = unrest.first,
         .new_value = unrest.last});
  }
  return problems;
}

std::map<std::string, std::size_t> conflicts_met(const SyncEvidence& evidence) {
  std::map<std::string, std::size_t> met;
  for (const auto& conflict : evidence.conflicts) met[group_of(conflict)] += conflict.met;
  return met;
}

}  // namespace sluice::migration
