// Real migrations on a real PostgreSQL while readers and writers ask for the same tables.
#include "suites/migration/copies/locks.hpp"
#include "suites/migration/testing/action_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Locks : public ActionFixture {
 protected:
  void SetUp() override {
    ActionFixture::SetUp();
    new_side(
        "CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item SELECT i, 'n' || i FROM "
        "generate_series(1, 1000) i; CREATE TABLE other (id int)");
  }
};

TEST_F(Locks, PassesAMigrationThatBuildsAnIndexConcurrently) {
  action("migrate", R"sh(
    sql "ALTER TABLE item ADD COLUMN size int" "CREATE INDEX CONCURRENTLY item_name ON item (name)" "SELECT pg_sleep(0.3)"
  )sh");
  const Outcome outcome = run(locks_kind(), R"({"action": "migrate", "limit": "2s"})");
  expect_proof(outcome);
  EXPECT_THAT(outcome.control->observed, HasSubstr("LOCK TABLE"));
  EXPECT_THAT(metric_of(outcome, "action_s"), Gt(0.3));
  EXPECT_EQ(outcome.coverage[1].unit, "probes");
  EXPECT_EQ(outcome.coverage[1].examined, 4u) << "reads and writes of two tables";
  EXPECT_THAT(copies(), IsEmpty());
  EXPECT_THAT(rows("SELECT count(*) FROM pg_indexes WHERE indexname = 'item_name'"), ElementsAre("0"));
}

TEST_F(Locks, SeesWhoWaitsForAView) {
  new_side("CREATE VIEW names AS SELECT name FROM item; CREATE VIEW others AS SELECT id FROM other");
  action("migrate",
         R"sh(sql "BEGIN; CREATE OR REPLACE VIEW names AS SELECT name FROM item; SELECT pg_sleep(1); COMMIT")sh");
  const Outcome outcome = run(locks_kind(), R"({"action": "migrate", "limit": "300ms"})");
  EXPECT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
  EXPECT_THAT(rules(outcome), ElementsAre(HasSubstr("lock-wait read of the views")));
  EXPECT_THAT(outcome.reason, HasSubstr("holding AccessExclusiveLock"));
}

TEST_F(Locks, WarnsOfStatementsThatTheMigrationMakesFail) {
  action("migrate", R"sh(sql "DROP TABLE other" "SELECT pg_sleep(0.3)")sh");
  const Outcome outcome = run(locks_kind(), R"({"action": "migrate", "limit": "2s"})");
  expect_proof(outcome);
  EXPECT_THAT(::testing::PrintToString(rules(outcome)), HasSubstr("statement-failed read of other"));
}

TEST_F(Locks, RefusesWhatMeasuresNothing) {
  action("migrate", R"sh(sql "SELECT 1")sh");
  EXPECT_THAT(error(locks_kind(), R"({"action": "migrate", "tables": ["nowhere"]})"),
              HasSubstr("no table 'nowhere' before the migration"));
  EXPECT_THAT(error(locks_kind(), R"({"action": "migrate", "statements": {"broken": "SELECT 1/0"}})"),
              HasSubstr("the probe broken failed before anything else ran"));
  EXPECT_THAT(error(locks_kind(), R"({"action": "migrate", "statements": {"s": {"sql": "SELECT 1", "on": "old"}}})"),
              HasSubstr("the store old is not PostgreSQL's"));
  action("silent", "true");
  EXPECT_THAT(error(locks_kind(), R"({"action": "silent"})"), HasSubstr("not one statement"));
  action("broken", R"sh(sql "SELECT 1/0")sh");
  const Outcome broken = run(locks_kind(), R"({"action": "broken"})");
  EXPECT_EQ(broken.verdict, Verdict::errored);
  EXPECT_THAT(broken.reason, HasSubstr("division by zero"));
  new_side("DROP TABLE item, other");
  EXPECT_THAT(error(locks_kind(), R"({"action": "migrate"})"), HasSubstr("there is no table"));
  context().stores.erase("new");
  EXPECT_THAT(error(locks_kind(), R"({"action": "migrate"})"), HasSubstr("neither store is PostgreSQL"));
}

TEST_F(Locks, RefusesMoreTablesThanTheServerTakesConnections) {
  std::string many;
  for (int i = 0; i < 41; ++i) many += "CREATE TABLE t" + std::to_string(i) + " (id int);";
  new_side(many);
  action("migrate", R"sh(sql "SELECT 1")sh");
  EXPECT_THAT(error(locks_kind(), R"({"action": "migrate"})"), HasSubstr("name the busiest tables in `tables`"));
}

}  // namespace
}  // namespace sluice::migration
