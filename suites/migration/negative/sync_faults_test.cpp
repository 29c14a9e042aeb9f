// Syncs that carry over too little, too much, or the wrong one of two, or that undo what they carried over.
#include <set>

#include "suites/migration/testing/sync_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

using BadSync = SyncFixture;
using Rules = std::set<std::string>;

Rules rules_found(const Outcome& outcome) {
  Rules rules;
  EXPECT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
  for (const auto& finding : outcome.findings) {
    rules.insert(finding.rule);
    EXPECT_THAT(finding.reproduce, HasSubstr("sluice run plan.yaml"));
  }
  return rules;
}

TEST_F(BadSync, IsCaughtGoingOneWayOnly) {
  faults_ = {"one-way"};
  const Outcome outcome = run_sync(", within: 500ms");
  EXPECT_TRUE(rules_found(outcome).contains("not-propagated"));
  EXPECT_EQ(outcome.findings.front().where.front().second, "update new to old");
}

TEST_F(BadSync, IsCaughtWhenItNeverRuns) {
  const Outcome outcome = run_without_sync(", within: 300ms, sample: 1000");
  EXPECT_EQ(rules_found(outcome), (Rules{"not-propagated", "conflict-diverged"}));
}

TEST_F(BadSync, IsCaughtEchoing) {
  faults_ = {"echo"};
  EXPECT_TRUE(rules_found(run_sync(", within: 2s, sample: 1000")).contains("echo-loop"));
}

TEST_F(BadSync, IsCaughtLosingUpdatesThatConflict) {
  faults_ = {"conflicts-ignored"};
  EXPECT_EQ(rules_found(run_sync(", within: 3s")), Rules{"conflict-diverged"});
}

TEST_F(BadSync, IsCaughtBringingBackWhatWasDeleted) {
  faults_ = {"deletes-ignored"};
  const Outcome outcome = run_sync(", within: 1s, sample: 1000");
  EXPECT_TRUE(rules_found(outcome).contains("not-propagated"));
  EXPECT_EQ(outcome.findings.front().where.front().second.substr(0, 6), "delete");
}

TEST_F(BadSync, IsCaughtWithAnotherPolicyThanDeclared) {
  wins_ = "new";
  EXPECT_EQ(rules_found(run_sync(", policy: old_wins")), Rules{"conflict-policy"});
}

TEST_F(BadSync, IsCaughtWhenTheEarlierOfTwoWritersWins) {
  faults_ = {"first-wins"};
  const Outcome outcome = run_sync();
  EXPECT_EQ(rules_found(outcome), Rules{"conflict-policy"});
  EXPECT_THAT(outcome.findings.back().where.front().second, HasSubstr("first"));
}

TEST_F(BadSync, IsCaughtWhenADeleteLosesToAnEarlierUpdate) {
  faults_ = {"delete-loses"};
  const Outcome outcome = run_sync(", sample: 1000");
  EXPECT_EQ(rules_found(outcome), Rules{"conflict-policy"});
  for (const auto& finding : outcome.findings)
    EXPECT_THAT(finding.where.front().second, AnyOf("update/delete, old first", "delete/update, new first"));
}

TEST_F(BadSync, IsCaughtUndoingWhatHadArrived) {
  faults_ = {"deletes-undone"};
  const Outcome outcome = run_sync(", sample: 1000");
  EXPECT_TRUE(rules_found(outcome).contains("write-undone"));
}

TEST_F(BadSync, IsCaughtUndoingWhereItCameFrom) {
  faults_ = {"update-reverted"};
  const Outcome outcome = run_sync(", sample: 1000, within: 1s");
  EXPECT_TRUE(rules_found(outcome).contains("write-undone"));
}

TEST_F(BadSync, IsCaughtNeverResting) {
  faults_ = {"restless"};
  EXPECT_TRUE(rules_found(run_sync(", within: 2s, sample: 1000")).contains("echo-loop"));
}

TEST_F(BadSync, IsCaughtMakingTwoRowsOfOne) {
  new_side("DROP INDEX items_key");
  faults_ = {"doubles-rows"};
  EXPECT_TRUE(rules_found(run_sync(", within: 1s, sample: 1000")).contains("row-doubled"));
}

}  // namespace
}  // namespace sluice::migration
