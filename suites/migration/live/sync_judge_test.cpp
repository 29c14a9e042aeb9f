#include "suites/migration/live/sync_judge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::migration {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

SyncPropagation propagation(SyncValue wanted, SyncValue seen, std::size_t rows = 1) {
  return {.operation = "update", .from = "old", .to = "new", .key = "k", .wanted = wanted, .seen = seen, .rows = rows};
}

SyncConflict conflict(bool old_first, SyncValue old_end, SyncValue new_end) {
  return {.kind = "update/update",
          .old_was_first = old_first,
          .key = "k",
          .old_wrote = "A",
          .new_wrote = "B",
          .old_end = old_end,
          .new_end = new_end};
}

std::vector<std::string> rules(const SyncEvidence& evidence, SyncPolicy policy = SyncPolicy::last_writer_wins) {
  std::vector<std::string> all;
  for (const auto& problem : judge_sync(evidence, policy)) all.push_back(problem.rule);
  return all;
}

TEST(SyncJudge, WantsEveryWriteOnTheOtherSide) {
  EXPECT_THAT(rules({.propagations = {propagation("a", "a"), propagation({}, {}, 0)}}), IsEmpty());
  EXPECT_THAT(rules({.propagations = {propagation("a", "b")}}), ElementsAre("not-propagated"));
  EXPECT_THAT(rules({.propagations = {propagation({}, "b")}}), ElementsAre("not-propagated"));
  EXPECT_THAT(rules({.propagations = {propagation("a", "a", 2)}}), ElementsAre("row-doubled"));
}

TEST(SyncJudge, WantsConflictsToEndEqualAsThePolicySays) {
  EXPECT_THAT(rules({.conflicts = {conflict(true, "B", "B"), conflict(false, "A", "A")}}), IsEmpty());
  EXPECT_THAT(rules({.conflicts = {conflict(true, "A", "B")}}), ElementsAre("conflict-diverged"));
  EXPECT_THAT(rules({.conflicts = {conflict(true, "A", "A")}}), ElementsAre("conflict-policy"));
  EXPECT_THAT(rules({.conflicts = {conflict(true, "C", "C")}}), ElementsAre("conflict-policy"));
  EXPECT_THAT(rules({.conflicts = {conflict(true, "A", "A")}}, SyncPolicy::old_wins), IsEmpty());
  EXPECT_THAT(rules({.conflicts = {conflict(false, "A", "A")}}, SyncPolicy::new_wins), ElementsAre("conflict-policy"));
}

TEST(SyncJudge, LetsAFewConflictsOfAKindBeNone) {
  const auto right = conflict(true, "A", "A"), over_before = conflict(true, "B", "B");
  EXPECT_THAT(rules({.conflicts = {right, right, over_before}}, SyncPolicy::old_wins), IsEmpty());
  EXPECT_THAT(rules({.conflicts = {right, over_before, over_before}}, SyncPolicy::old_wins),
              ElementsAre("conflict-policy"));
}

TEST(SyncJudge, WantsRestInTheEnd) {
  EXPECT_THAT(rules({.unrest = {{.side = "old", .key = "k", .changes = 0}}}), IsEmpty());
  EXPECT_THAT(rules({.unrest = {{.side = "old", .key = "k", .changes = 3}}}), ElementsAre("echo-loop"));
}

}  // namespace
}  // namespace sluice::migration
