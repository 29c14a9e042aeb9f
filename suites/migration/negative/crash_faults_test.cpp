// Migrations that cannot be run again after a kill, one planted fault each: the point, the statement and what is wrong
// must be named.
#include "suites/migration/copies/crash.hpp"
#include "suites/migration/testing/action_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class FaultyAfterACrash : public ActionFixture {
 protected:
  void SetUp() override {
    ActionFixture::SetUp();
    new_side(
        "CREATE TABLE item (id serial PRIMARY KEY, name text); INSERT INTO item (name) VALUES ('a'), ('b'), ('c')");
  }
  Outcome crash() { return run(crash_kind(), R"({"action": "migrate", "points": "all"})"); }
};

TEST_F(FaultyAfterACrash, IsCaughtCommittingInTheMiddleWithoutACheckpoint) {
  action("migrate", R"sh(
    sql "UPDATE item SET name = name || '!'" "CREATE TABLE IF NOT EXISTS done (id int PRIMARY KEY)" \
        "INSERT INTO done VALUES (1) ON CONFLICT DO NOTHING"
  )sh");
  const Outcome outcome = crash();
  EXPECT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
  ASSERT_FALSE(outcome.findings.empty());
  EXPECT_THAT(rules(outcome),
              Contains("crash-state-differs 1 commit UPDATE item SET name = name || '!'; new item id=1 name"));
  EXPECT_THAT(rules(outcome), Each(Not(HasSubstr(" 1 before "))));
  const Finding& first = outcome.findings.front();
  EXPECT_EQ(first.old_value, "a!");
  EXPECT_EQ(first.new_value, "a!!");
  EXPECT_THAT(first.reproduce, AllOf(HasSubstr("--check proof"), HasSubstr("only: [\"1 commit\"]")));
  EXPECT_THAT(first.summary, HasSubstr("killed at the commit of statement 1"));
  EXPECT_EQ(metric_of(outcome, "points_failed"), 5);
}

TEST_F(FaultyAfterACrash, IsCaughtFailingWhenItFindsItsOwnTraces) {
  action("migrate", R"sh(
    sql "CREATE TABLE made (id int)" "INSERT INTO item VALUES (7, 'x') ON CONFLICT DO NOTHING"
  )sh");
  const Outcome outcome = crash();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_THAT(rules(outcome), Contains(StartsWith("crash-rerun-failed 1 commit CREATE TABLE made")));
  EXPECT_THAT(outcome.findings.front().summary, HasSubstr("already exists"));
}

TEST_F(FaultyAfterACrash, IsCaughtForgettingAPrivilegeOfWhatIsAlreadyThere) {
  action("migrate", R"sh(
    [ "$(psql -qAtX -c "SELECT to_regclass('made')" "$NEW")" ] || sql "CREATE TABLE made (id int)" "GRANT SELECT ON made TO public"
  )sh");
  const Outcome outcome = crash();
  EXPECT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
  EXPECT_THAT(rules(outcome), Contains(AllOf(StartsWith("crash-state-differs"), HasSubstr("CREATE TABLE made"),
                                             HasSubstr("grant made SELECT to public"))));
}

TEST_F(FaultyAfterACrash, IsCaughtMeetingTheLockOfTheRunThatDied) {
  new_side("CREATE TABLE lock (id int PRIMARY KEY);");
  action("migrate", R"sh(
    sql "INSERT INTO lock VALUES (1)" "UPDATE item SET name = 'x' WHERE id = 1" "DELETE FROM lock"
  )sh");
  const Outcome outcome = crash();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_THAT(rules(outcome), Contains(StartsWith("crash-rerun-failed 2 before UPDATE item")));
}

TEST_F(FaultyAfterACrash, IsCaughtKeepingTheInvalidIndexOfARunThatDied) {
  // Building over the duplicate leaves an invalid index; dropping it comes in a second statement, but IF NOT EXISTS
  // takes a leftover for the real one.
  new_side("INSERT INTO item (name) VALUES ('a')");
  action("migrate", R"sh(
    sql "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS item_name ON item (name)" || {
      sql "DELETE FROM item WHERE id = 4" "DROP INDEX item_name" "CREATE UNIQUE INDEX CONCURRENTLY item_name ON item (name)"
    }
  )sh");
  const Outcome outcome = crash();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_THAT(rules(outcome), Contains(StartsWith("crash-unsound 1 after CREATE UNIQUE INDEX CONCURRENTLY")));
  EXPECT_THAT(::testing::PrintToString(rules(outcome)), HasSubstr("crash-state-differs 1 after"));
}

TEST_F(FaultyAfterACrash, IsCaughtLeavingASequenceBehind) {
  action("migrate", R"sh(
    if [ "$(sql "SELECT count(*) FROM item WHERE id = 50")" = 0 ]; then
      sql "INSERT INTO item VALUES (50, 'x')" "SELECT setval('item_id_seq', 50)"
    fi
  )sh");
  const Outcome outcome = crash();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_THAT(rules(outcome),
              Contains("crash-state-differs 2 commit INSERT INTO item VALUES (50, 'x'); new item_id_seq"));
  EXPECT_EQ(outcome.findings.front().old_value, "51") << "the number that comes next";
  EXPECT_EQ(outcome.findings.front().new_value, "4");
}

TEST_F(FaultyAfterACrash, IsCaughtHangingTheSecondTime) {
  new_side("CREATE TABLE lock (id int PRIMARY KEY);");
  action("migrate", R"sh(
    while [ "$(sql "SELECT count(*) FROM lock")" != 0 ]; do sleep 0.05; done
    sql "INSERT INTO lock VALUES (1)"
    sql "DELETE FROM lock"
  )sh");
  const Outcome outcome = run(crash_kind(), R"({"action": "migrate", "only": ["2 commit"], "timeout": "4s"})");
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_THAT(rules(outcome), ElementsAre(StartsWith("crash-rerun-hangs 2 commit INSERT INTO lock")));
}

TEST_F(FaultyAfterACrash, IsCaughtLeavingASession) {
  // Only a run that finds the other's work leaves one behind.
  action("migrate", R"sh(
    if [ "$(sql "SELECT count(*) FROM item WHERE name = 'x'")" = 1 ]; then
      (echo "SELECT pg_advisory_lock(1);"; sleep 30) | psql -qX "$NEW" >/dev/null 2>&1 &
      while [ "$(sql "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")" = 0 ]; do sleep 0.05; done
    fi
    sql "UPDATE item SET name = 'x' WHERE id = 1"
  )sh");
  const Outcome outcome = run(crash_kind(), R"({"action": "migrate", "only": ["2 commit"]})");
  EXPECT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
  EXPECT_THAT(rules(outcome), ElementsAre(StartsWith("crash-session-left 2 commit")));
  EXPECT_THAT(outcome.findings.front().summary, HasSubstr("holding an advisory lock"));
}

}  // namespace
}  // namespace sluice::migration
