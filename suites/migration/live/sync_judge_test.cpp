#include "suites/migration/live/sync_judge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::migration {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

SyncPropagation propagation(SyncValue wanted, SyncValue seen, std::size_t rows = 1) {
  return {.operation = "update",
          .from = "old",
          .to = "new",
          .key = "k",
          .wanted = wanted,
          .seen = seen,
          .kept = wanted,
          .rows = rows};
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

TEST(SyncJudge, WantsAWriteToStayWhereItWasMade) {
  SyncPropagation undone = propagation("a", "a");
  undone.kept = "before";
  EXPECT_THAT(rules({.propagations = {undone}}), ElementsAre("write-undone"));
  undone.seen = "before";
  EXPECT_THAT(rules({.propagations = {undone}}), ElementsAre("not-propagated"));
}

TEST(SyncJudge, WantsWhatHadArrivedToBeThereInTheEnd) {
  const auto end = [](SyncValue wanted, SyncValue old_end, SyncValue new_end, std::size_t rows = 1) {
    return SyncEnd{
        .key = "e", .wanted = wanted, .old_end = old_end, .new_end = new_end, .old_rows = rows, .new_rows = 1};
  };
  EXPECT_THAT(rules({.ends = {end("a", "a", "a"), end({}, {}, {}, 0)}}), IsEmpty());
  EXPECT_THAT(rules({.ends = {end("a", "b", "b")}}), ElementsAre("write-undone"));
  EXPECT_THAT(rules({.ends = {end({}, "b", "b")}}), ElementsAre("write-undone")) << "a delete that both sides undid";
  EXPECT_THAT(rules({.ends = {end("a", "a", "b")}}), ElementsAre("write-undone"));
  EXPECT_THAT(rules({.ends = {end("a", "a", "a", 2)}}), ElementsAre("row-doubled"));
  SyncPropagation never = propagation("a", "b");
  never.key = "e";
  EXPECT_THAT(rules({.propagations = {never}, .ends = {end("a", "b", "b")}}), ElementsAre("not-propagated"))
      << "one fault is reported once";
}

TEST(SyncJudge, WantsOneRowOfWhatConflicted) {
  SyncConflict both = conflict(true, "B", "B");
  both.old_rows = both.new_rows = 2;
  EXPECT_THAT(rules({.conflicts = {both}}), ElementsAre("row-doubled"));
}

TEST(SyncJudge, ExcusesNoConflictThatTwoWritesInARowCouldNotEndAs) {
  const auto right = conflict(true, "B", "B"), first_stands = conflict(true, "A", "A");
  EXPECT_THAT(rules({.conflicts = {right, right, right, first_stands}}), ElementsAre("conflict-policy"));
  SyncConflict overtaken = first_stands;
  overtaken.met = false;
  EXPECT_THAT(rules({.conflicts = {right, overtaken}}), ElementsAre("conflict-policy")) << "the second write was lost";
}

TEST(SyncJudge, ExcusesAnUpdateThatFoundNoRowAnyMore) {
  SyncConflict gone{.kind = "delete/update", .old_was_first = true, .key = "k", .new_wrote = "B"};
  EXPECT_THAT(rules({.conflicts = {gone}}), ElementsAre("conflict-policy"));
  gone.met = false;
  EXPECT_THAT(rules({.conflicts = {gone}}), IsEmpty());
}

TEST(SyncJudge, TakesEitherOfTwoWritesAtOnceForTheLater) {
  SyncConflict old_stands = conflict(true, "A", "A"), new_stands = conflict(true, "B", "B");
  old_stands.at_once = new_stands.at_once = true;
  EXPECT_THAT(rules({.conflicts = {new_stands, new_stands, old_stands}}, SyncPolicy::new_wins), IsEmpty());
  EXPECT_THAT(rules({.conflicts = {new_stands, old_stands, old_stands}}, SyncPolicy::new_wins),
              ElementsAre("conflict-policy"));
}

TEST(SyncJudge, CountsConflictsThatMet) {
  SyncConflict overtaken = conflict(false, "A", "A");
  overtaken.met = false;
  const auto met = conflicts_met({.conflicts = {conflict(true, "B", "B"), conflict(true, "B", "B"), overtaken}});
  EXPECT_THAT(met, ElementsAre(Pair("update/update, new first", 0u), Pair("update/update, old first", 2u)));
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
