// Real stores, and a sync that is right.
#include <thread>

#include "harness/core/errors.hpp"
#include "harness/core/pause.hpp"
#include "harness/stores/sql_session.hpp"
#include "suites/migration/testing/sync_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::HasSubstr;

TEST_F(SyncFixture, PassesASyncOfWhichTheLastWriterWins) {
  const Outcome outcome = run_sync();
  expect_proven_pass(outcome);
  EXPECT_GE(outcome.coverage.front().examined, 2u * 6 * 3 + 6 * 3 + 6 * 3);
  EXPECT_THAT(outcome.control->observed, HasSubstr("echo-loop found"));
}

TEST_F(SyncFixture, PassesASyncOfWhichTheOldSideWins) {
  wins_ = "old";
  expect_proven_pass(run_sync(", policy: old_wins"));
}

TEST_F(SyncFixture, PassesASyncOfWhichTheNewSideWins) {
  wins_ = "new";
  expect_proven_pass(run_sync(", policy: new_wins"));
}

TEST_F(SyncFixture, WaitsForWhatIsStillOnItsWay) {
  new_side("CREATE TABLE rest AS SELECT clock_timestamp() + interval '4 seconds' AS begins");
  parameters_.insert(
      parameters_.find(" }, trials"),
      ", changes: \"SELECT CASE WHEN clock_timestamp() < begins THEN clock_timestamp()::text ELSE 'rest' "
      "END FROM rest\"");
  expect_proven_pass(run_sync());
}

TEST_F(SyncFixture, TakesAwayWhatItWrote) {
  run_sync();
  EXPECT_EQ(ask_new_side("SELECT count(*) FROM items WHERE NOT deleted").front(), "0");
}

TEST_F(SyncFixture, TakesAwayWhatItWroteWhenItIsInterrupted) {
  const auto written = [&] {
    const auto session = stores::open_sql_session(context().stores.at("old"));
    session->begin_read();
    return session->query("SELECT count(*) FROM items WHERE NOT deleted", {}, "counting").text(0, 0).value_or("");
  };
  std::stop_source interrupt;
  context().cancelled = interrupt.get_token();
  std::jthread person([&](const std::stop_token& stop) {
    while (written() != "3" && pause_for(std::chrono::milliseconds(5), stop)) continue;
    interrupt.request_stop();
  });
  EXPECT_THROW(run_without_sync(", within: 60s"), Cancelled);
  person.join();
  EXPECT_EQ(written(), "0");
}

TEST_F(SyncFixture, SaysNothingWhereNoConflictMet) {
  // Both sides show one table to each other at once: the first write is always there before the second.
  new_side(
      "CREATE SCHEMA a; CREATE SCHEMA b; CREATE VIEW a.items AS SELECT * FROM public.items; CREATE VIEW b.items AS "
      "SELECT * FROM public.items");
  const std::string new_statements = parameters_.substr(parameters_.find(", new: ") + 7);
  parameters_ = "old: " + new_statements.substr(0, new_statements.find(", trials")) + ", new: " + new_statements;
  const auto separator = new_url().find('?') == std::string::npos ? "?" : "&";
  context().stores = {{"old", new_url() + separator + "options=-csearch_path%3Da"},
                      {"new", new_url() + separator + "options=-csearch_path%3Db"}};
  const Outcome outcome = run_without_sync("");
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive) << outcome.reason;
  EXPECT_THAT(outcome.reason, HasSubstr("too few writes met as \"delete/update, new first\""));
  expect_proven_pass(run_without_sync(", conflicts_min: 0"));
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
  context().stores["new"] = "sqlite:" + (folder().path() / "." / "old.db").string();
  EXPECT_THAT(run_error(sync_kind(), "{ " + parameters_ + " }"), HasSubstr("the same store"));
  context().stores["new"] = new_url();
  context().stores["old"] = new_url() + "?application_name=old";
  EXPECT_THAT(run_error(sync_kind(), "{ " + parameters_ + " }"), HasSubstr("the same store"));
  context().stores["new"] = context().stores["old"];
  EXPECT_THAT(run_error(sync_kind(), "{ " + parameters_ + " }"), HasSubstr("the same store"));
}

}  // namespace
}  // namespace sluice::migration
