#include <cstdlib>
#include <fstream>

#include "harness/stores/sql_session.hpp"
#include "harness/stores/sqlite_database.hpp"
#include "suites/migration/copies/idempotent.hpp"
#include "suites/migration/testing/action_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Idempotent : public ActionFixture {
 protected:
  void SetUp() override {
    ActionFixture::SetUp();
    new_side("CREATE TABLE item (id serial PRIMARY KEY, name text); INSERT INTO item (name) VALUES ('a'), ('b')");
  }
  static constexpr const char* careful = R"sh(
    sql "ALTER TABLE item ADD COLUMN IF NOT EXISTS size int" "UPDATE item SET size = 1 WHERE size IS NULL"
  )sh";
};

TEST_F(Idempotent, PassesAMigrationThatFindsItsWorkDone) {
  new_side("ALTER TABLE item ADD COLUMN size int DEFAULT NULL; UPDATE item SET size = 1;");
  old_side("CREATE TABLE item (id INTEGER PRIMARY KEY); INSERT INTO item VALUES (1)");
  action("migrate", careful);
  const Outcome outcome = run(idempotent_kind(), R"({"action": "migrate", "times": 2})");
  expect_proof(outcome);
  EXPECT_EQ(metric_of(outcome, "rows_compared"), 3) << "two of the new side, one of the old";
  EXPECT_THAT(copies(), IsEmpty());
}

TEST_F(Idempotent, IsProvedWhereOneRowTakesOthersWithIt) {
  new_side(
      "CREATE TABLE a_parent (id int PRIMARY KEY); CREATE TABLE part (id int PRIMARY KEY, parent int REFERENCES "
      "a_parent ON DELETE CASCADE); INSERT INTO a_parent VALUES (1); INSERT INTO part VALUES (1, 1), (2, 1)");
  action("migrate", R"sh(sql "SELECT 1")sh");
  expect_proof(run(idempotent_kind(), R"({"action": "migrate"})"));
  old_side(
      "CREATE TABLE word (id INTEGER PRIMARY KEY); CREATE TABLE audit (what TEXT); INSERT INTO word VALUES (1), (2);"
      "CREATE TRIGGER gone AFTER DELETE ON word BEGIN INSERT INTO audit VALUES (old.id); END");
  expect_proof(run(idempotent_kind(), R"({"action": "migrate"})"));
}

TEST_F(Idempotent, PassesAMigrationThatSetsTheSearchPathOfItsDatabase) {
  new_side(
      "CREATE SCHEMA app; CREATE TABLE app.note (id int PRIMARY KEY, text text); INSERT INTO app.note VALUES (1, 'x');"
      "CREATE FUNCTION app.one() RETURNS int LANGUAGE sql AS 'SELECT 1'");
  new_side("ALTER DATABASE " + database() + " SET search_path = app");
  const std::string set =
      "sql \"DO \\$set\\$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = app', "
      "current_database()); END \\$set\\$\"\n";
  action("migrate", set);
  expect_proof(run(idempotent_kind(), R"({"action": "migrate"})"));
  action("migrate", set + "sql \"UPDATE app.note SET text = 'y'\"");
  EXPECT_THAT(rules(run(idempotent_kind(), R"({"action": "migrate"})")),
              ElementsAre("row-changed new app.note id=1 text"));
}

// The kernel takes a process's locks on a file when the process closes it once, by whatever descriptor.
TEST_F(Idempotent, LeavesTheLocksOfChecksBesideItAlone) {
  old_side("CREATE TABLE item (id INTEGER PRIMARY KEY); INSERT INTO item VALUES (1)");
  action("migrate", R"sh(sql "SELECT 1")sh");
  const std::filesystem::path path = folder().path() / "old.db";
  stores::SqliteDatabase reader("old", path, {});
  reader.execute("BEGIN", "reading");
  reader.execute("SELECT count(*) FROM item", "reading");
  expect_proof(run(idempotent_kind(), R"({"action": "migrate", "spares": "old"})"));
  const std::string writer =
      "python3 -c \"import sqlite3,sys; sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None).execute('DELETE "
      "FROM item')\" " +
      path.string() + " 2> " + (folder().path() / "writer").string();
  EXPECT_NE(std::system(writer.c_str()), 0) << "another process writes over what is read";
  std::ifstream said(folder().path() / "writer");
  EXPECT_THAT(std::string(std::istreambuf_iterator<char>(said), {}), HasSubstr("database is locked"));
}

TEST_F(Idempotent, RunsOnTheStoresThemselvesWhenToldTo) {
  new_side("ALTER TABLE item ADD COLUMN size int; UPDATE item SET size = 1;");
  action("migrate", R"sh(sql "UPDATE item SET size = 1 WHERE size IS NULL"; touch ran)sh");
  expect_proof(run(idempotent_kind(), R"({"action": "migrate", "in_place": true})"));
  EXPECT_TRUE(std::filesystem::exists(folder().path() / "ran"));
  action("migrate", R"sh(sql "DELETE FROM item WHERE id = 2")sh");
  const Outcome outcome = run(idempotent_kind(), R"({"action": "migrate", "in_place": true})");
  EXPECT_THAT(rules(outcome), ElementsAre("row-missing new item id=2"));
  EXPECT_THAT(rows("SELECT id FROM item"), ElementsAre("1"));
}

// Copied by dump and restore then, which must carry over what is compared.
TEST_F(Idempotent, PassesInPlaceWhileOthersAreConnected) {
  cluster().execute("DROP ROLE IF EXISTS clerk; CREATE ROLE clerk");
  new_side(
      "CREATE FUNCTION twice(i int) RETURNS int LANGUAGE sql AS 'SELECT i * 2'; CREATE TABLE theirs (id int PRIMARY "
      "KEY);"
      "ALTER TABLE theirs OWNER TO clerk; GRANT SELECT ON item TO clerk; GRANT SELECT (name) ON item TO public;"
      "REVOKE EXECUTE ON FUNCTION twice FROM public; GRANT CREATE ON SCHEMA public TO clerk;"
      "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO clerk; ALTER TABLE item REPLICA IDENTITY FULL;"
      "COMMENT ON TABLE item IS 'goods'; COMMENT ON SCHEMA public IS 'ours'");
  action("migrate", R"sh(sql "UPDATE item SET name = 'a' WHERE id = 1")sh");
  const auto somebody = stores::open_sql_session(cluster().url(database()), {});
  somebody->begin_read();
  somebody->roll_back();
  expect_proof(run(idempotent_kind(), R"({"action": "migrate", "in_place": true})"));
}

TEST_F(Idempotent, DoesNotPassWithoutRowsOrStatements) {
  new_side("DELETE FROM item");
  action("migrate", R"sh(sql "SELECT 1")sh");
  const Outcome outcome = run(idempotent_kind(), R"({"action": "migrate"})");
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive) << outcome.reason;
  action("elsewhere", "true");
  EXPECT_THAT(error(idempotent_kind(), R"({"action": "elsewhere"})"), HasSubstr("not one statement"));
  EXPECT_THAT(error(idempotent_kind(), R"({"action": "absent"})"), HasSubstr("no action 'absent'"));
  action("stuck", "sleep 600");
  action_timeout("stuck", std::chrono::milliseconds(100));
  EXPECT_THAT(run(idempotent_kind(), R"({"action": "stuck", "in_place": true})").reason,
              HasSubstr("did not end within 100 ms (`timeout` of action stuck)"));
  context().start_action = {};
  EXPECT_THAT(error(idempotent_kind(), R"({"action": "migrate"})"), HasSubstr("no plan"));
}

}  // namespace
}  // namespace sluice::migration
