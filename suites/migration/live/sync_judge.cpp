#include "suites/migration/live/sync_judge.hpp"

#include <fmt/core.h>

#include <map>

namespace sluice::migration {
namespace {

std::string end_text(const SyncValue& value) { return value.value_or("(no row)"); }

std::string group_of(const SyncConflict& conflict) {
  return fmt::format("{}, {} first", conflict.kind, conflict.old_was_first ? "old" : "new");
}

void judge_propagation(const SyncPropagation& propagation, std::vector<SyncProblem>& problems) {
  const std::string what = fmt::format("{} {} to {}", propagation.operation, propagation.from, propagation.to);
  const bool to_new = propagation.to == "new";
  SyncProblem problem{.rule = {},
                      .summary = {},
                      .what = what,
                      .key = propagation.key,
                      .old_value = end_text(to_new ? propagation.wanted : propagation.seen),
                      .new_value = end_text(to_new ? propagation.seen : propagation.wanted)};
  if (propagation.seen != propagation.wanted) {
    problem.rule = "not-propagated";
    problem.summary = fmt::format("the {} of {} on the {} side did not reach the {} side in time",
                                  propagation.operation, propagation.key, propagation.from, propagation.to);
    problems.push_back(problem);
  } else if (propagation.rows > 1) {
    problem.rule = "row-doubled";
    problem.summary = fmt::format("after the {} on the {} side the {} side holds {} rows of {}", propagation.operation,
                                  propagation.from, propagation.to, propagation.rows, propagation.key);
    problems.push_back(problem);
  }
}

struct ConflictGroup {
  std::size_t all = 0, wrong = 0;
  const SyncConflict* first_wrong = nullptr;
};

}  // namespace

SyncValue expected_end(const SyncConflict& conflict, SyncPolicy policy) {
  const bool old_stands =
      policy == SyncPolicy::old_wins || (policy == SyncPolicy::last_writer_wins && !conflict.old_was_first);
  return old_stands ? conflict.old_wrote : conflict.new_wrote;
}

std::vector<SyncProblem> judge_sync(const SyncEvidence& evidence, SyncPolicy policy) {
  std::vector<SyncProblem> problems;
  for (const auto& propagation : evidence.propagations) judge_propagation(propagation, problems);
  std::map<std::string, ConflictGroup> groups;
  for (const auto& conflict : evidence.conflicts) {
    const SyncValue wanted = expected_end(conflict, policy);
    ConflictGroup& group = groups[group_of(conflict)];
    ++group.all;
    if (conflict.old_end != conflict.new_end) {
      problems.push_back(
          {.rule = "conflict-diverged",
           .summary = fmt::format("after conflicting writes the sides hold different values of {}", conflict.key),
           .what = group_of(conflict),
           .key = conflict.key,
           .old_value = end_text(conflict.old_end),
           .new_value = end_text(conflict.new_end)});
    } else if (conflict.old_end != wanted) {
      ++group.wrong;
      if (group.first_wrong == nullptr) group.first_wrong = &conflict;
    }
  }
  for (const auto& [name, group] : groups) {
    if (group.first_wrong == nullptr || group.wrong * 2 <= group.all) continue;
    const SyncConflict& first = *group.first_wrong;
    problems.push_back({.rule = "conflict-policy",
                        .summary = fmt::format("{} of {} conflicts did not end as the policy says, {} among them",
                                               group.wrong, group.all, first.key),
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

}  // namespace sluice::migration
