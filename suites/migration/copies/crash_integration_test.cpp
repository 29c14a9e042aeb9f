// Migrations that are real processes are killed at their statements and run again.
#include "suites/migration/copies/crash.hpp"
#include "suites/migration/testing/action_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Crash : public ActionFixture {
 protected:
  void SetUp() override {
    ActionFixture::SetUp();
    new_side(
        "CREATE TABLE item (id serial PRIMARY KEY, name text); INSERT INTO item (name) VALUES ('a'), ('b'), ('c')");
  }
  Outcome crash(const std::string& parameters = R"({"action": "migrate", "points": "all"})") {
    return run(crash_kind(), parameters);
  }
  static constexpr const char* resumable = R"sh(
    sql "ALTER TABLE item ADD COLUMN IF NOT EXISTS size int" "BEGIN" "UPDATE item SET size = 1 WHERE size IS NULL" \
        "INSERT INTO item VALUES (10, 'd', 2) ON CONFLICT DO NOTHING" "COMMIT" \
        "CREATE INDEX IF NOT EXISTS item_size ON item (size)"
  )sh";
};

TEST_F(Crash, PassesAMigrationThatCanBeRunAgainAfterEveryPoint) {
  action("migrate", resumable);
  const Outcome outcome = crash();
  expect_proof(outcome);
  EXPECT_EQ(metric_of(outcome, "statements"), 6);
  EXPECT_EQ(metric_of(outcome, "points_tried"), 12);
  EXPECT_EQ(outcome.coverage.front().unit, "points");
  EXPECT_EQ(outcome.coverage.front().examined, 12u);
  EXPECT_EQ(outcome.coverage.front().expected, 12u);
  EXPECT_THAT(copies(), IsEmpty());
  EXPECT_THAT(rows("SELECT count(*) FROM item"), ElementsAre("3")) << "the store itself was touched";
}

TEST_F(Crash, TriesOnlyThePointsAskedFor) {
  action("migrate", resumable);
  const Outcome outcome = crash(R"({"action": "migrate", "only": "5 commit"})");
  expect_proof(outcome);
  EXPECT_EQ(metric_of(outcome, "points_tried"), 1);
  EXPECT_EQ(outcome.coverage.front().expected, 12u);
}

TEST_F(Crash, CopiesAStoreThatOthersAreConnectedTo) {
  action("migrate", resumable);
  action("stay", R"sh(psql -qX "$NEW" -c 'SELECT pg_sleep(600)')sh");
  const auto stays = context().start_action("stay", {});
  while (rows("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)'") !=
         std::vector<std::string>{"1"}) {
  }
  expect_proof(crash(R"({"action": "migrate", "points": "2"})"));
}

TEST_F(Crash, CopiesAnSQLiteStoreThatTheMigrationWrites) {
  old_side(
      "CREATE TABLE source (id INTEGER PRIMARY KEY, done INTEGER DEFAULT 0); INSERT INTO source (id) VALUES (1), (2)");
  action("migrate", R"sh(
    sql "INSERT INTO item VALUES (21, 'x') ON CONFLICT DO NOTHING"
    python3 -c "import sqlite3,sys; c = sqlite3.connect(sys.argv[1]); c.execute('UPDATE source SET done = 1'); c.commit()" "$OLD"
    sql "INSERT INTO item VALUES (22, 'y') ON CONFLICT DO NOTHING"
  )sh");
  expect_proof(crash());
}

TEST_F(Crash, DoesNotHoldLostSequenceNumbersAgainstAMigration) {
  action("migrate", R"sh(
    sql "BEGIN" "INSERT INTO item (name) SELECT 'd' WHERE NOT EXISTS (SELECT FROM item WHERE id = 10)" \
        "UPDATE item SET id = 10 WHERE name = 'd'" "COMMIT"
  )sh");
  expect_proof(crash());
}

TEST_F(Crash, AsksToIgnoreWhatTwoCleanRunsDoNotAgreeOn) {
  action("migrate", R"sh(
    sql "CREATE TABLE IF NOT EXISTS log (id int PRIMARY KEY, at timestamptz DEFAULT clock_timestamp())" \
        "INSERT INTO log VALUES (1) ON CONFLICT DO NOTHING"
  )sh");
  const Outcome outcome = crash();
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(outcome.reason, HasSubstr("ignore: [log.at]"));
  expect_proof(crash(R"({"action": "migrate", "points": "all", "ignore": ["log.at"]})"));
}

TEST_F(Crash, ComparesTablesWithoutAKey) {
  new_side("CREATE TABLE bag (value text); INSERT INTO bag VALUES ('x'), ('x');");
  action("migrate", R"sh(sql "INSERT INTO bag VALUES ('y')" "UPDATE item SET name = 'z' WHERE id = 1")sh");
  const Outcome outcome = crash();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_THAT(rules(outcome), Contains("crash-state-differs 1 commit INSERT INTO bag VALUES ('y'); new bag"));
}

TEST_F(Crash, DoesNotPassWhenNothingCouldBeTried) {
  action("silent", R"sh(psql -qX "$NEW" < /dev/null)sh");
  EXPECT_THAT(error(crash_kind(), R"({"action": "silent"})"), HasSubstr("not one statement"));
  action("elsewhere", "true");
  EXPECT_THAT(error(crash_kind(), R"({"action": "elsewhere"})"), HasSubstr("not one statement"));
  EXPECT_THAT(error(crash_kind(), R"({"action": "absent"})"), HasSubstr("no action 'absent'"));
  action("read", R"sh(sql "SELECT 1")sh");
  const Outcome none = crash(R"({"action": "read", "kill": ["commit"]})");
  EXPECT_EQ(none.verdict, Verdict::inconclusive) << none.reason;
  action("broken", R"sh(sql "SELECT 1/0")sh");
  const Outcome broken = crash(R"({"action": "broken"})");
  EXPECT_EQ(broken.verdict, Verdict::errored);
  EXPECT_THAT(broken.reason, HasSubstr("division by zero"));
}

TEST_F(Crash, IsInconclusiveWhereWritesToSqliteGoUnseen) {
  old_side("CREATE TABLE item (id INTEGER PRIMARY KEY); INSERT INTO item VALUES (1)");
  // A program that clears its environment loses what counts its writes.
  action("migrate", R"sh(
    sql "UPDATE item SET name = 'z' WHERE id = 1"
    env -i /usr/bin/python3 -c "import sqlite3,sys; c = sqlite3.connect(sys.argv[1]); c.execute('INSERT OR IGNORE INTO item VALUES (2)'); c.commit()" "$OLD"
  )sh");
  const Outcome outcome = crash();
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive) << outcome.reason;
  EXPECT_THAT(outcome.reason, AllOf(HasSubstr("item id=2"), HasSubstr("not one of its writes was seen")));
  expect_proof(crash(R"({"action": "migrate", "kill": ["before", "commit"]})"));
}

TEST_F(Crash, RefusesAnActionThatNamesOnlyOneStore) {
  action("migrate", resumable);
  environment().erase("OLD");
  EXPECT_THAT(error(crash_kind(), R"({"action": "migrate"})"),
              AllOf(HasSubstr("action migrate"), HasSubstr("names the store old"), HasSubstr("`spares`")));
  EXPECT_THAT(rows("SELECT count(*) FROM information_schema.columns WHERE table_name = 'item'"), ElementsAre("2"));
  expect_proof(crash(R"({"action": "migrate", "points": "2", "spares": "old"})"));
}

TEST_F(Crash, RefusesAnActionThatNamesAStoreInASpellingOfItsOwn) {
  // Both stores are named as the plan does; and the new one once more, by words that nothing can be done about.
  old_side("CREATE TABLE source (id INTEGER PRIMARY KEY)");
  action(
      "migrate",
      R"sh(python3 -c "import sqlite3; c = sqlite3.connect('old.db'); c.execute('INSERT INTO source VALUES (1)'); c.commit()")sh");
  EXPECT_THAT(error(crash_kind(), R"({"action": "migrate"})"),
              AllOf(HasSubstr("'old.db'"), HasSubstr("looks like the store old")));
  action("migrate", R"sh(
    sql "UPDATE item SET name = 'x'"
    psql -qX "${NEW%/*}/postgres" -c "CREATE TABLE stray (id int)"
  )sh");
  EXPECT_THAT(crash().reason, HasSubstr("does not lead to the database \"postgres\""));
}

TEST_F(Crash, NoticesThatASparedStoreWasNotSpared) {
  // The file's name is put together at run time: only looking at the store itself can tell.
  old_side("CREATE TABLE source (id INTEGER PRIMARY KEY)");
  action("migrate", R"sh(
    sql "UPDATE item SET name = 'x'"
    python3 -c "import sqlite3; c = sqlite3.connect('ol' + 'd.' + 'db'); c.execute('INSERT OR IGNORE INTO source VALUES (7)'); c.commit()"
  )sh");
  environment().erase("OLD");
  EXPECT_THAT(error(crash_kind(), R"({"action": "migrate", "spares": ["old"]})"),
              AllOf(HasSubstr("the store old itself changed"), HasSubstr("source id=7")));
}

TEST_F(Crash, NoticesThatAnActionWroteToAStoreThatItAlsoNames) {
  old_side("CREATE TABLE source (id INTEGER PRIMARY KEY, times INTEGER); INSERT INTO source VALUES (7, 0)");
  // It names both stores, and works on one of them by a name of its own as well.
  action("migrate", R"sh(
    sql "UPDATE item SET name = 'x'"
    python3 -c "import sqlite3; c = sqlite3.connect('ol' + 'd.' + 'db'); c.execute('UPDATE source SET times = 1'); c.commit()"
    test -f "$OLD"
  )sh");
  EXPECT_THAT(
      error(crash_kind(), R"({"action": "migrate", "points": "1"})"),
      AllOf(HasSubstr("the store old itself changed"), HasSubstr("source id=7"), HasSubstr("others_write: [old]")));
  old_side("UPDATE source SET times = 0");
  const Outcome outcome = crash(R"({"action": "migrate", "points": "1", "others_write": ["old"]})");
  EXPECT_EQ(outcome.verdict, Verdict::passed) << outcome.reason;
}

TEST_F(Crash, IsErroredWhenTheCleanRunHangs) {
  action("migrate", R"sh(sql "SELECT pg_sleep(600)")sh");
  const Outcome outcome = crash(R"({"action": "migrate", "timeout": "300ms"})");
  EXPECT_EQ(outcome.verdict, Verdict::errored);
  EXPECT_THAT(outcome.reason, HasSubstr("did not end within 300 ms (`timeout` of the check)"));
}

TEST_F(Crash, KeepsTheShorterTimeoutThatThePlanGivesTheAction) {
  action("migrate", R"sh(sql "SELECT pg_sleep(600)")sh");
  action_timeout("migrate", std::chrono::milliseconds(300));
  const Outcome outcome = crash(R"({"action": "migrate", "timeout": "10m"})");
  EXPECT_EQ(outcome.verdict, Verdict::errored);
  EXPECT_THAT(outcome.reason, HasSubstr("did not end within 300 ms (`timeout` of action migrate)"));
}

TEST_F(Crash, KeepsItsOwnTimeoutWhereThePlanGivesTheActionMore) {
  action("migrate", R"sh(sql "SELECT pg_sleep(600)")sh");
  action_timeout("migrate", std::chrono::minutes(10));
  const Outcome outcome = crash(R"({"action": "migrate", "timeout": "300ms"})");
  EXPECT_THAT(outcome.reason, HasSubstr("did not end within 300 ms (`timeout` of the check)"));
}

TEST_F(Crash, IsInconclusiveWhenAPointNeverComes) {
  action("migrate", resumable);
  const Outcome outcome = crash(R"({"action": "migrate", "only": ["1 before", "900 before"]})");
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(outcome.reason, HasSubstr("1 of 2 chosen points never came"));
}

TEST_F(Crash, RefusesWrongParameters) {
  action("migrate", resumable);
  EXPECT_THAT(error(crash_kind(), R"({"action": "migrate", "points": "many"})"), HasSubstr("neither a number"));
  EXPECT_THAT(error(crash_kind(), R"({"action": "migrate", "points": "0"})"), HasSubstr("neither a number"));
  EXPECT_THAT(error(crash_kind(), R"({"action": "migrate", "only": ["x"]})"), HasSubstr("'x' is not a point"));
  EXPECT_THAT(error(crash_kind(), R"({})"), HasSubstr("'action' is missing"));
  context().stores.erase("new");
  EXPECT_THAT(error(crash_kind(), R"({"action": "migrate", "kill": ["before"]})"),
              HasSubstr("neither store is PostgreSQL"));
  context().stores["new"] = "postgresql://sluice@localhost";
  EXPECT_THAT(error(crash_kind(), R"({"action": "migrate"})"), HasSubstr("names no database"));
}

TEST_F(Crash, StopsWhenItIsCancelled) {
  std::stop_source stop;
  context().cancelled = stop.get_token();
  context().progress = [&](const Progress&) { stop.request_stop(); };
  action("migrate", resumable);
  EXPECT_THAT(error(crash_kind(), R"({"action": "migrate", "points": "all"})"), HasSubstr("cancelled"));
  EXPECT_THAT(copies(), IsEmpty());
}

}  // namespace
}  // namespace sluice::migration
