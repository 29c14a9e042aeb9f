// Real stores, and a sync that is right.
#include "suites/migration/testing/sync_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::HasSubstr;

TEST_F(SyncFixture, PassesASyncOfWhichTheLastWriterWins) {
  const Outcome outcome = run_sync();
  expect_proven_pass(outcome);
  EXPECT_EQ(outcome.coverage.front().examined, 2u * 4 * 3 + 6 * 3 + 6 * 3);
  EXPECT_THAT(outcome.control->observed, HasSubstr("echo-loop found"));
}

TEST_F(SyncFixture, PassesASyncOfWhichTheOldSideWins) {
  wins_ = Wins::old_side;
  expect_proven_pass(run_sync(", policy: old_wins"));
}

TEST_F(SyncFixture, PassesASyncOfWhichTheNewSideWins) {
  wins_ = Wins::new_side;
  expect_proven_pass(run_sync(", policy: new_wins"));
}

TEST_F(SyncFixture, TakesAwayWhatItWrote) {
  run_sync();
  EXPECT_EQ(ask_new_side("SELECT count(*) FROM items WHERE NOT deleted").front(), "0");
}

TEST_F(SyncFixture, RefusesStatementsThatCannotBeRight) {
  const auto refuse = [&](const std::string& from, const std::string& to) {
    std::string altered = parameters_;
    altered.replace(altered.find(from), from.size(), to);
    return run_error(sync_kind(), "{ " + altered + ", within: 100ms }");
  };
  EXPECT_THAT(refuse("deleted = true", "deleted = true WHERE false --"), HasSubstr("no exception"));
  EXPECT_THAT(refuse("WHERE key = '{key}'\", delete", "\", delete"),
              HasSubstr("old, update: the statement names neither"));
  EXPECT_THAT(refuse("SELECT value, updated", "SELECT updated, value"), HasSubstr("do not fit each other"));
  EXPECT_THAT(refuse("INSERT INTO items", "INSERT INTO nothing"), HasSubstr("nothing"));
  context().stores["new"] = context().stores["old"];
  EXPECT_THAT(run_error(sync_kind(), "{ " + parameters_ + " }"), HasSubstr("the same store"));
}

}  // namespace
}  // namespace sluice::migration
