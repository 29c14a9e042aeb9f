// Migrations within SQLite, real processes, are killed at what they write and run again.
#include "suites/migration/copies/crash.hpp"
#include "suites/migration/testing/action_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Both stores are SQLite files; an action's script ends with Python statements on the new one, `c`.
class CrashOfSqlite : public ActionFixture {
 protected:
  void SetUp() override {
    ActionFixture::SetUp();
    const std::filesystem::path path = folder().path() / "new.db";
    testing::SqliteFile(path).execute(
        "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, size INTEGER); INSERT INTO item (name) VALUES ('a'), "
        "('b'), ('c')");
    context().stores["new"] = "sqlite:" + path.string();
    environment()["NEW"] = path.string();
  }
  void migration(const std::string& python) {
    action("migrate",
           "python3 - \"$NEW\" <<'PY'\nimport sqlite3, sys\nc = sqlite3.connect(sys.argv[1], "
           "isolation_level=None)\n" +
               python + "\nPY\n");
    environment().erase("OLD");
  }
  Outcome crash(const std::string& more = "") {
    return run(crash_kind(), R"({"action": "migrate", "points": "all", "spares": "old")" + more + "}");
  }
};

TEST_F(CrashOfSqlite, PassesOneTransaction) {
  migration(R"py(
c.execute("BEGIN")
c.execute("UPDATE item SET size = 1 WHERE size IS NULL")
c.execute("INSERT OR IGNORE INTO item VALUES (10, 'd', 2)")
c.execute("COMMIT")
)py");
  const Outcome outcome = crash();
  expect_proof(outcome);
  // A journal is written and synced, then the file, then the journal goes: some system calls for one transaction.
  EXPECT_THAT(metric_of(outcome, "writes"), Gt(5));
  EXPECT_EQ(metric_of(outcome, "points_tried"), metric_of(outcome, "writes"));
  EXPECT_EQ(metric_of(outcome, "statements"), 0);
}

/// The new store is a file that the migration makes.
class CrashOfAStoreToCome : public CrashOfSqlite {
 protected:
  void SetUp() override {
    CrashOfSqlite::SetUp();
    const std::string path = folder().path() / "to_come.db";
    context().stores["new"] = "sqlite:" + path;
    environment()["NEW"] = path;
  }
};

TEST_F(CrashOfAStoreToCome, PassesAMigrationThatMakesItOnTheCopyOnly) {
  migration(R"py(
c.execute("CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY)")
c.execute("INSERT OR IGNORE INTO item VALUES (1)")
)py");
  expect_proof(crash());
  EXPECT_FALSE(std::filesystem::exists(folder().path() / "to_come.db"));
}

TEST_F(CrashOfAStoreToCome, NoticesThatItWasMadeItself) {
  // The file's name is put together at run time: only looking for the store itself can tell.
  migration(R"py(
for store in c, sqlite3.connect('to_' + 'come.' + 'db', isolation_level=None):
  store.execute("CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY)")
)py");
  EXPECT_THAT(error(crash_kind(), R"({"action": "migrate", "points": "1", "spares": "old"})"),
              AllOf(HasSubstr("the store new itself changed"), HasSubstr("it was not there before"),
                    HasSubstr("others_write: [new]")));
}

TEST_F(CrashOfSqlite, PassesOneTransactionInAWriteAheadLog) {
  testing::SqliteFile(folder().path() / "new.db").execute("PRAGMA journal_mode = wal");
  migration(R"py(
c.execute("PRAGMA journal_mode = wal").fetchall()
c.executescript("BEGIN; UPDATE item SET size = 1 WHERE size IS NULL; INSERT OR IGNORE INTO item VALUES (10, 'd', 2); COMMIT")
)py");
  expect_proof(crash());
}

TEST_F(CrashOfSqlite, CatchesACommitBetweenStepsThatCannotBeRepeated) {
  migration(R"py(
c.execute("UPDATE item SET name = name || '!'")
c.execute("UPDATE item SET size = length(name)")
)py");
  const Outcome outcome = crash();
  EXPECT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
  EXPECT_THAT(rules(outcome), Contains(AllOf(StartsWith("crash-state-differs "), HasSubstr(" write "),
                                             HasSubstr("new.db"), HasSubstr("new item id=1 name"))));
  EXPECT_EQ(outcome.findings.front().old_value, "a!");
  EXPECT_EQ(outcome.findings.front().new_value, "a!!");
  EXPECT_THAT(outcome.findings.front().summary, HasSubstr("killed before write "));
  // A finding's point can be tried alone.
  const std::string point = outcome.findings.front().where.front().second;
  const Outcome alone = crash(R"(, "only": ")" + point + "\"");
  EXPECT_EQ(alone.verdict, Verdict::failed);
  EXPECT_THAT(rules(alone), Each(StartsWith("crash-state-differs " + point)));
}

TEST_F(CrashOfSqlite, CatchesAMigrationThatFailsOnItsOwnTraces) {
  migration(R"py(
c.execute("CREATE TABLE extra (id INTEGER PRIMARY KEY)")
c.execute("INSERT INTO extra VALUES (1)")
)py");
  const Outcome outcome = crash();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_THAT(rules(outcome), Contains(StartsWith("crash-rerun-failed ")));
}

TEST_F(CrashOfSqlite, CountsWritesOfAllProcessesOfAnAction) {
  action("migrate", R"sh(
    for round in 1 2; do
      python3 -c "import sqlite3,sys; c = sqlite3.connect(sys.argv[1]); c.execute('UPDATE item SET size = 7'); c.commit()" "$NEW"
    done
  )sh");
  environment().erase("OLD");
  const Outcome outcome = crash();
  expect_proof(outcome);
  EXPECT_THAT(metric_of(outcome, "writes"), Gt(10));
}

TEST_F(CrashOfSqlite, CatchesAFileThatIsReplacedInTwoSteps) {
  const std::string safe = R"sh(
    [ "$(python3 -c "import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute('PRAGMA user_version').fetchone()[0])" "$NEW")" = 1 ] && exit 0
    cp "$NEW" "$NEW.next"
    python3 -c "import sqlite3,sys; sqlite3.connect(sys.argv[1]).executescript('UPDATE item SET size = 9; PRAGMA user_version = 1')" "$NEW.next"
  )sh";
  environment().erase("OLD");
  action("migrate", safe + R"sh(mv "$NEW.next" "$NEW")sh");
  const Outcome atomic = crash();
  expect_proof(atomic);
  EXPECT_THAT(metric_of(atomic, "writes"), Gt(0));
  action("migrate", safe + R"sh(cd "$(dirname "$NEW")"; rm "$(basename "$NEW")"; mv "$NEW.next" "$NEW")sh");
  const Outcome outcome = crash();
  EXPECT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
  EXPECT_THAT(rules(outcome), Contains(AllOf(StartsWith("crash-"), HasSubstr("renaming to new.db"))));
}

TEST_F(CrashOfSqlite, DoesNotPassWhatItCannotSee) {
  migration("c.execute('SELECT 1')");
  EXPECT_THAT(error(crash_kind(), R"({"action": "migrate", "spares": "old"})"), HasSubstr("not one statement"));
  EXPECT_THAT(error(crash_kind(), R"({"action": "migrate", "spares": "old", "kill": "before"})"),
              HasSubstr("add `write` to `kill`"));
  // A program that clears its environment loses what counts its writes.
  action(
      "migrate",
      R"sh(env -i /usr/bin/python3 -c "import sqlite3,sys; c = sqlite3.connect(sys.argv[1]); c.execute('UPDATE item SET size = 1'); c.commit()" "$NEW")sh");
  EXPECT_THAT(error(crash_kind(), R"({"action": "migrate", "spares": "old"})"), HasSubstr("nor a write"));
}

// One program is seen, and another beside it is not.
TEST_F(CrashOfSqlite, DoesNotPassWhatItSeesInPart) {
  const std::string update =
      R"sh(/usr/bin/python3 -c "import sqlite3,sys; c = sqlite3.connect(sys.argv[1]); c.execute('UPDATE item SET size = 1 WHERE id = ' + sys.argv[2]); c.commit()" "$NEW" )sh";
  environment().erase("OLD");
  for (const auto& script : {"env -i " + update + "1; " + update + "2", update + "1; env -i " + update + "2",
                             update + "1; env -i " + update + "2; " + update + "3"}) {
    action("migrate", script);
    const Outcome outcome = crash();
    EXPECT_EQ(outcome.verdict, Verdict::inconclusive) << script << ": " << outcome.reason;
    EXPECT_THAT(outcome.reason, AllOf(HasSubstr("new.db"), HasSubstr("not all of its writes were seen")));
  }
  action("migrate", update + "1; " + update + "2; " + update + "3");
  expect_proof(crash());
}

}  // namespace
}  // namespace sluice::migration
