#include "suites/migration/copies/rollback.hpp"
#include "suites/migration/testing/action_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Rollback : public ActionFixture {
 protected:
  void SetUp() override {
    ActionFixture::SetUp();
    new_side("CREATE TABLE item (id serial PRIMARY KEY, name text); INSERT INTO item (name) VALUES ('a'), ('b')");
    action("up",
           R"sh(sql "ALTER TABLE item ADD COLUMN size int DEFAULT 1" "CREATE TABLE extra (id int PRIMARY KEY)")sh");
    action("down", R"sh(sql "ALTER TABLE item DROP COLUMN size" "DROP TABLE extra")sh");
  }
  static constexpr const char* both = R"({"up": "up", "down": "down"})";
};

TEST_F(Rollback, PassesOneThatRestoresEverything) {
  const Outcome outcome = run(rollback_kind(), R"({"up": "up", "down": "down", "within": "5m"})");
  expect_proof(outcome);
  EXPECT_EQ(metric_of(outcome, "differences"), 0);
  EXPECT_THAT(rows("SELECT count(*) FROM information_schema.columns WHERE table_name = 'item'"), ElementsAre("2"));
  EXPECT_THAT(copies(), IsEmpty());
}

TEST_F(Rollback, SeesWhatIsLeftOfTheSchema) {
  new_side(
      "CREATE MATERIALIZED VIEW numbers AS SELECT id FROM item; CREATE VIEW names WITH (security_invoker) AS SELECT "
      "id FROM item; CREATE TYPE pair AS (a int); CREATE SEQUENCE spare; SELECT setval('spare', 51, false);"
      "SELECT lo_from_bytea(4700, 'abc'); CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);"
      "CREATE FOREIGN DATA WRAPPER none; CREATE SERVER far FOREIGN DATA WRAPPER none OPTIONS (host 'a');"
      "CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (password 'a'); CREATE PUBLICATION sent FOR TABLE item;"
      "CREATE COLLATION kept (locale = 'C')");
  const std::map<std::string, std::string> leftovers{
      {"ALTER TABLE item FORCE ROW LEVEL SECURITY", "relation item"},
      {R"(ALTER TABLE item ALTER name TYPE text COLLATE \"C\")", "column item.name"},
      {"CREATE DOMAIN short AS text CHECK (length(VALUE) < 3)", "domain short"},
      {"CREATE RULE quiet AS ON DELETE TO item DO INSTEAD NOTHING", "rule item"},
      {"ALTER SEQUENCE item_id_seq INCREMENT 5", "sequence item_id_seq"},
      {"CREATE POLICY own ON item WITH CHECK (id < 5)", "check (id < 5)"},
      {"ALTER VIEW names RESET (security_invoker)", "view names"},
      {"ALTER TYPE pair ADD ATTRIBUTE b text", "type pair"},
      {"ALTER SEQUENCE spare RESTART", "sequence spare gives 1 next, not 51"},
      {"SELECT lo_create(4711)", "large objects: 1"},
      {"SELECT lo_put(4700, 0, 'zzz')", "large objects: 1"},
      {"BEGIN; UPDATE item SET name = 'x'; PREPARE TRANSACTION 'left'", "prepared transaction 'left' is there"},
      {"ALTER TEXT SEARCH CONFIGURATION words DROP MAPPING FOR asciiword", "text search configuration words"},
      {"ALTER SERVER far OPTIONS (SET host 'b')", "foreign server far"},
      {"ALTER USER MAPPING FOR PUBLIC SERVER far OPTIONS (SET password 'b')", "user mapping public of far"},
      {"ALTER PUBLICATION sent SET (publish = 'insert')", "publication sent"},
      {"DROP COLLATION kept", "collation kept"},
      {"ALTER SEQUENCE item_id_seq OWNED BY NONE", "sequence item_id_seq"},
      {"ALTER VIEW names ALTER id SET DEFAULT 7", "column names.id"},
      {"INSERT INTO item VALUES (9, 'i')\" \"REFRESH MATERIALIZED VIEW numbers\" \"DELETE FROM item WHERE id = 9",
       "numbers"}};
  for (const auto& [sql, seen] : leftovers) {
    action("up", "sql \"CREATE TABLE extra (id int PRIMARY KEY)\" \"" + sql + '"');
    action("down", R"sh(sql "DROP TABLE extra")sh");
    const Outcome outcome = run(rollback_kind(), both);
    EXPECT_EQ(outcome.verdict, Verdict::failed) << sql << outcome.reason;
    EXPECT_THAT(outcome.reason, HasSubstr(seen)) << sql;
  }
}

TEST_F(Rollback, ComparesTablesOfSqliteThatHaveNoKey) {
  old_side(
      "CREATE TABLE log (text, note TEXT); INSERT INTO log VALUES ('a', NULL), ('b', 'x'), ('b', 'x');"
      "CREATE TABLE named (name TEXT PRIMARY KEY, at DATETIME); INSERT INTO named VALUES (NULL, '2024-01-01'), ('n', "
      "5);"
      "CREATE TABLE days (at DATETIME PRIMARY KEY); INSERT INTO days VALUES ('2024-01-01'), ('2024-01-01 00:00:00');"
      "CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO counted VALUES (3); DELETE FROM "
      "counted;"
      "CREATE VIRTUAL TABLE words USING fts5 (word); INSERT INTO words VALUES ('a'), ('b');"
      "CREATE VIRTUAL TABLE days_index USING fts5 (at, content = 'days');"
      "INSERT INTO days_index (rowid, at) SELECT rowid, at FROM days; CREATE VIRTUAL TABLE older USING fts4 (word)");
  const std::string python =
      "python3 -c \"import sqlite3,sys; c = sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2])\" \"$OLD\" ";
  action("up", python + R"sh("CREATE TABLE extra (id INTEGER PRIMARY KEY)"; sql "CREATE TABLE extra (id int)")sh");
  const std::string down = R"sh("DROP TABLE extra"; sql "DROP TABLE extra")sh";
  action("down", python + down);
  expect_proof(run(rollback_kind(), both));
  const std::map<std::string, std::string> losses{
      {"DELETE FROM log WHERE rowid = 3", "log"},
      {"UPDATE log SET note = '' WHERE rowid = 1", "log"},
      {"DELETE FROM named WHERE name IS NULL", "named"},
      {"UPDATE named SET at = '2024-01-01 00:00:00' WHERE name IS NULL", "named"},
      {"PRAGMA user_version = 2", "user_version"},
      {"DELETE FROM sqlite_sequence", "sequence counted gives no number of its own next, not 4"},
      {"INSERT INTO days_index(days_index) VALUES ('delete-all')", "full-text days_index holds"},
      {"DELETE FROM words WHERE rowid = 2", "words"}};
  for (const auto& [sql, seen] : losses) {
    action("down", python + '"' + sql + "\"; " + python + down);
    const Outcome outcome = run(rollback_kind(), both);
    EXPECT_EQ(outcome.verdict, Verdict::failed) << sql << outcome.reason;
    EXPECT_THAT(outcome.reason, HasSubstr("first: " + seen)) << sql;
  }
}

TEST_F(Rollback, IsCaughtGivingNumbersAgainThatWereGivenInBetween) {
  new_side("SELECT setval('item_id_seq', 50)");
  action("down", R"sh(sql "DROP TABLE extra" "SELECT setval('item_id_seq', 50)")sh");
  action("up", R"sh(sql "CREATE TABLE extra (id int PRIMARY KEY)")sh");
  const Outcome outcome = run(rollback_kind(), R"js({"up": "up", "down": "down", "writes": {"a new item": {
    "sql": "INSERT INTO item (name) VALUES ('new')", "kept": "SELECT 1 FROM item WHERE name = 'new'"}}})js");
  EXPECT_THAT(rules(outcome), ElementsAre("sequence-behind down item.id"));
}

TEST_F(Rollback, SeesWhatIsLeftOnTheServer) {
  const std::string role = "left_by_" + database();
  action("up", "sql \"CREATE TABLE extra (id int PRIMARY KEY)\" \"CREATE ROLE " + role + '"');
  action("down", R"sh(sql "DROP TABLE extra")sh");
  const std::string message = error(rollback_kind(), both);
  cluster().execute("DROP ROLE " + role);
  EXPECT_THAT(message, AllOf(HasSubstr("role " + role + " is new"), HasSubstr("let an earlier action make them")));
  action("up", R"sh(sql "CREATE TABLE extra (id int PRIMARY KEY)" "ALTER SYSTEM SET work_mem = '5MB'")sh");
  const std::string setting = error(rollback_kind(), both);
  cluster().execute("ALTER SYSTEM RESET work_mem");
  EXPECT_THAT(setting, HasSubstr("ALTER SYSTEM work_mem"));
}

TEST_F(Rollback, LeavesNoCopyBehindThatAPreparedTransactionHolds) {
  action(
      "down",
      R"sh(sql "ALTER TABLE item DROP COLUMN size" "DROP TABLE extra" "BEGIN; UPDATE item SET name = 'x'; PREPARE TRANSACTION 'held'")sh");
  EXPECT_EQ(run(rollback_kind(), both).verdict, Verdict::failed);
  EXPECT_THAT(copies(), IsEmpty());
  EXPECT_THAT(cluster().query("SELECT gid FROM pg_prepared_xacts"), IsEmpty());
}

TEST_F(Rollback, KeepsWhatWasWrittenInBetween) {
  const Outcome outcome = run(rollback_kind(), R"js({"up": "up", "down": "down", "writes": {"a new item": {
    "sql": "INSERT INTO item (id, name, size) VALUES (70, 'new', 3)", "kept": "SELECT 1 FROM item WHERE id = 70"}}})js");
  expect_proof(outcome);
  EXPECT_EQ(metric_of(outcome, "writes_lost"), 0);
  EXPECT_EQ(outcome.coverage.back().unit, "writes");
  EXPECT_EQ(outcome.coverage.back().examined, 1u);
}

TEST_F(Rollback, IsInconclusiveWhereThereIsNothingToTakeBack) {
  action("up", R"sh(sql "SELECT 1")sh");
  const Outcome outcome = run(rollback_kind(), both);
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(outcome.reason, HasSubstr("changed nothing on a copy"));
}

TEST_F(Rollback, RefusesActionsThatProveNothing) {
  action("silent", "true");
  EXPECT_THAT(error(rollback_kind(), R"({"up": "silent", "down": "down"})"), HasSubstr("not one statement"));
  EXPECT_THAT(error(rollback_kind(), R"({"up": "up", "down": "silent"})"), HasSubstr("not one statement"));
  action("unable", "echo no such role >&2; exit 3");
  EXPECT_THAT(error(rollback_kind(), R"({"up": "unable", "down": "down"})"),
              HasSubstr("exit code 3 before a statement of it came to a copy of the stores: no such role"));
  action("broken", R"sh(sql "SELECT 1/0")sh");
  EXPECT_THAT(error(rollback_kind(), R"({"up": "broken", "down": "down"})"), HasSubstr("division by zero"));
  EXPECT_THAT(error(rollback_kind(), R"({"up": "up"})"), HasSubstr("'down' is missing"));
}

TEST_F(Rollback, TakesARollbackThatSparesTheOldStoreAtItsWord) {
  EXPECT_THAT(error(rollback_kind(), R"({"up": "only-new", "down": "down"})"), HasSubstr("no action 'only-new'"));
  environment().erase("OLD");
  EXPECT_THAT(error(rollback_kind(), R"({"up": "up", "down": "down", "down_spares": "old"})"),
              HasSubstr("action up: neither its command nor its `env:` names the store old"));
  EXPECT_THAT(error(rollback_kind(), R"({"up": "up", "down": "down", "spares": "old"})"),
              HasSubstr("action down: neither its command nor its `env:` names the store old"));
  expect_proof(run(rollback_kind(), R"({"up": "up", "down": "down", "spares": "old", "down_spares": "old"})"));
}

TEST_F(Rollback, RefusesWritesThatProveNothing) {
  const auto refusal = [&](const std::string& sql, const std::string& kept) {
    return error(rollback_kind(), R"({"up": "up", "down": "down", "writes": {"w": {"sql": ")" + sql +
                                      R"(", "kept": ")" + kept + "\"}}}");
  };
  EXPECT_THAT(refusal("INSERT INTO item VALUES (5)", "SELECT 1"), HasSubstr("though nothing was written"));
  EXPECT_THAT(refusal("INSERT INTO item VALUES (5)", "SELECT 1 FROM item WHERE id = 6"),
              HasSubstr("no row even before the rollback"));
  EXPECT_THAT(refusal("INSERT INTO nowhere VALUES (5)", "SELECT 1 FROM item WHERE id = 5"), HasSubstr("nowhere"));
}

}  // namespace
}  // namespace sluice::migration
