// Migrations that make readers or writers wait, one planted fault each: who waited and for what must be named.
#include "suites/migration/copies/locks.hpp"
#include "suites/migration/testing/action_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class LockingMigration : public ActionFixture {
 protected:
  void SetUp() override {
    ActionFixture::SetUp();
    new_side(
        "CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item SELECT i, md5(i::text) FROM "
        "generate_series(1, 300000) i; CREATE TABLE other (id int)");
  }
  std::vector<std::string> caught(const std::string& script, const std::string& more = "") {
    action("migrate", script);
    const Outcome outcome = run(locks_kind(), R"({"action": "migrate", "limit": "30ms")" + more + "}");
    EXPECT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
    return rules(outcome);
  }
};

TEST_F(LockingMigration, IsCaughtRewritingATable) {
  const auto found = caught(R"sh(sql "ALTER TABLE item ALTER COLUMN id TYPE bigint")sh");
  EXPECT_THAT(found, ElementsAre(AllOf(StartsWith("lock-wait read of item"), HasSubstr("ALTER TABLE item ALTER COLUMN"),
                                       HasSubstr("holding AccessExclusiveLock")),
                                 AllOf(StartsWith("lock-wait write to item"), HasSubstr("ALTER TABLE item"))));
}

TEST_F(LockingMigration, IsCaughtBuildingAnIndexThatStopsWriters) {
  const auto found = caught(R"sh(sql "CREATE INDEX item_name ON item (name)")sh");
  EXPECT_THAT(found, ElementsAre(AllOf(StartsWith("lock-wait write to item"), HasSubstr("CREATE INDEX item_name"),
                                       HasSubstr("holding ShareLock"))));
}

TEST_F(LockingMigration, IsCaughtQueueingBeforeReadersBehindALongReport) {
  // Adding a column takes no time; waiting for the report it stands in everybody's way.
  const auto found = caught(R"sh(sql "ALTER TABLE item ADD COLUMN size int")sh",
                            R"(, "transactions": {"report": {"sql": "SELECT count(*) FROM item", "held": "3s"}})");
  EXPECT_THAT(found, Contains(AllOf(StartsWith("lock-wait read of item"), HasSubstr("ALTER TABLE item ADD COLUMN"),
                                    HasSubstr("it waits itself for: SELECT count(*) FROM item"))));
}

TEST_F(LockingMigration, IsCaughtHoldingASequenceOrAMaterializedView) {
  new_side("CREATE TABLE numbered (id bigserial); CREATE MATERIALIZED VIEW sums AS SELECT count(*) FROM item");
  EXPECT_THAT(caught(R"sh(sql "BEGIN" "ALTER SEQUENCE numbered_id_seq CACHE 2" "SELECT pg_sleep(0.5)" "COMMIT")sh"),
              ElementsAre(StartsWith("lock-wait number for numbered from public.numbered_id_seq")));
  EXPECT_THAT(caught(R"sh(sql "BEGIN" "REFRESH MATERIALIZED VIEW sums" "SELECT pg_sleep(0.5)" "COMMIT")sh"),
              ElementsAre(StartsWith("lock-wait read of sums")));
}

TEST_F(LockingMigration, IsCaughtHoldingRowsThatTheApplicationUpdates) {
  const auto found =
      caught(R"sh(sql "BEGIN" "UPDATE item SET name = 'x' WHERE id < 10" "SELECT pg_sleep(0.5)" "COMMIT")sh",
             R"(, "statements": {"rename": "UPDATE item SET name = 'y' WHERE id = 1"})");
  EXPECT_THAT(found, Each(AllOf(StartsWith("lock-wait rename"), HasSubstr("SELECT pg_sleep(0.5)"))));
  EXPECT_EQ(found.size(), 1u);
}

TEST_F(LockingMigration, IsCaughtInADeadlockWithTheApplication) {
  // The session that looks for deadlocks first is the one that is ended: let it be the application's, which looks once,
  // a second after it began to wait; the migration takes its second row as soon as it waits.
  action("migrate", R"sh(sql "SET deadlock_timeout = '1h'" "BEGIN" "UPDATE item SET name = 'x' WHERE id = 2" \
    "DO 'BEGIN WHILE NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted) LOOP PERFORM pg_sleep(0.01); END LOOP; END'" \
    "UPDATE item SET name = 'x' WHERE id = 1" "COMMIT")sh");
  const Outcome outcome = run(locks_kind(), R"js({"action": "migrate", "limit": "1m", "tables": ["other"], "statements":
    {"both": "UPDATE item SET name = 'y' WHERE id IN (SELECT id FROM item WHERE id <= 2 ORDER BY id FOR UPDATE)"}})js");
  EXPECT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
  EXPECT_THAT(rules(outcome), Contains(StartsWith("lock-deadlock both")));
}

}  // namespace
}  // namespace sluice::migration
