// Rollbacks that do not restore, or lose what was written, one planted fault each.
#include "suites/migration/copies/rollback.hpp"
#include "suites/migration/testing/action_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class FaultyRollback : public ActionFixture {
 protected:
  void SetUp() override {
    ActionFixture::SetUp();
    new_side("CREATE TABLE item (id serial PRIMARY KEY, name text); INSERT INTO item (name) VALUES ('a'), ('b')");
    action("up", R"sh(sql "ALTER TABLE item ADD COLUMN size int DEFAULT 1" "UPDATE item SET name = upper(name)")sh");
  }
  Outcome after(const std::string& down, const std::string& more = "") {
    action("down", down);
    Outcome outcome = run(rollback_kind(), R"({"up": "up", "down": "down")" + more + "}");
    EXPECT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
    return outcome;
  }
};

TEST_F(FaultyRollback, IsCaughtForgettingToRestoreAValue) {
  const Outcome outcome =
      after(R"sh(sql "ALTER TABLE item DROP COLUMN size" "UPDATE item SET name = 'a' WHERE id = 1")sh");
  EXPECT_THAT(rules(outcome), ElementsAre("row-changed new item id=2 name"));
  EXPECT_EQ(outcome.findings.front().old_value, "b");
  EXPECT_EQ(outcome.findings.front().new_value, "B");
}

TEST_F(FaultyRollback, IsCaughtLosingARow) {
  EXPECT_THAT(rules(after(R"sh(sql "ALTER TABLE item DROP COLUMN size" "UPDATE item SET name = lower(name)" \
                                    "DELETE FROM item WHERE id = 2")sh")),
              ElementsAre("row-missing new item id=2"));
}

TEST_F(FaultyRollback, IsCaughtLeavingAColumnBehind) {
  EXPECT_THAT(rules(after(R"sh(sql "UPDATE item SET name = lower(name)")sh")),
              ElementsAre(AllOf(StartsWith("schema-extra new column item.size integer"))));
}

TEST_F(FaultyRollback, IsCaughtLeavingOwnersPrivilegesAndCommentsBehind) {
  cluster().execute("DROP ROLE IF EXISTS reader; CREATE ROLE reader");
  new_side(
      "CREATE FUNCTION double(i int) RETURNS int LANGUAGE sql AS 'SELECT i * 2';"
      "CREATE FUNCTION near(text, text) RETURNS bool LANGUAGE sql AS 'SELECT true';"
      "CREATE TYPE size_of AS (size int); CREATE FUNCTION sized(size_of) RETURNS int LANGUAGE sql AS 'SELECT 1'");
  // Statement and what must be named, as an SQL statement has it done and a finding shows it.
  const std::vector<std::pair<std::string, std::string>> leftovers{
      {"GRANT UPDATE ON item TO reader", "schema-extra new grant item UPDATE to reader"},
      {"GRANT SELECT ON item TO reader WITH GRANT OPTION",
       "schema-extra new grant item SELECT to reader with grant option"},
      {"GRANT SELECT (name) ON item TO public", "schema-extra new grant item.name SELECT to public"},
      {"GRANT USAGE ON item_id_seq TO reader", "schema-extra new grant item_id_seq USAGE to reader"},
      {"GRANT CREATE ON SCHEMA public TO reader", "schema-extra new grant schema public CREATE to reader"},
      {"REVOKE EXECUTE ON FUNCTION double FROM public", "schema-extra new revoked double(integer) EXECUTE from public"},
      {"REVOKE DELETE ON item FROM sluice", "schema-extra new revoked item DELETE from sluice"},
      {"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader",
       "schema-extra new default privileges of sluice in schema public on tables SELECT to reader"},
      {"ALTER FUNCTION double OWNER TO reader", "schema-extra new owner double(integer) reader"},
      {"ALTER TYPE size_of OWNER TO reader", "schema-extra new owner size_of reader"},
      {"ALTER TABLE item REPLICA IDENTITY FULL", "schema-extra new relation item r p replica identity full"},
      {"CREATE OPERATOR ~~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = near)",
       "schema-extra new operator ~~~(text,text) by near"},
      {"CREATE CAST (size_of AS int) WITH FUNCTION sized(size_of) AS ASSIGNMENT",
       "schema-extra new cast size_of as integer by sized(size_of) in assignments"},
      {"COMMENT ON TABLE item IS 'it is new'", "schema-extra new comment item 'it is new'"},
      {"COMMENT ON COLUMN item.name IS 'a name'", "schema-extra new comment item.name 'a name'"},
      {"COMMENT ON FUNCTION double IS 'twice'", "schema-extra new comment function public.double(integer) 'twice'"}};
  std::string up = "sql \"ALTER TABLE item ADD COLUMN size int DEFAULT 1\"";
  for (const auto& [sql, seen] : leftovers) up += " \"" + sql + '"';
  action("up", up);
  const Outcome outcome = after(R"sh(sql "ALTER TABLE item DROP COLUMN size")sh");
  for (const auto& [sql, seen] : leftovers) EXPECT_THAT(rules(outcome), Contains(seen)) << sql;
  // What they replaced is named too: owners, an identity, and who owns an operator.
  EXPECT_THAT(rules(outcome), Contains("schema-missing new owner double(integer) sluice"));
  EXPECT_EQ(outcome.findings_total, leftovers.size() + 4) << ::testing::PrintToString(rules(outcome));
}

TEST_F(FaultyRollback, IsCaughtForgettingAPrivilegeThatWasThere) {
  cluster().execute("DROP ROLE IF EXISTS reader; CREATE ROLE reader");
  new_side("GRANT SELECT ON item TO reader; COMMENT ON TABLE item IS 'goods'");
  action("up", R"sh(sql "ALTER TABLE item RENAME TO goods" "CREATE VIEW item AS SELECT * FROM goods")sh");
  const Outcome whole = [&] {
    action("down", R"sh(sql "DROP VIEW item" "ALTER TABLE goods RENAME TO item")sh");
    return run(rollback_kind(), R"({"up": "up", "down": "down"})");
  }();
  expect_proof(whole);
  // Made again from its rows: what was granted on it and written about it is gone.
  EXPECT_THAT(rules(after(R"sh(
    sql "DROP VIEW item" "CREATE TABLE item (LIKE goods INCLUDING ALL)" "INSERT INTO item SELECT * FROM goods" \
        "ALTER SEQUENCE item_id_seq OWNED BY item.id" "DROP TABLE goods" "ALTER INDEX item_pkey1 RENAME TO item_pkey"
  )sh")),
              ::testing::UnorderedElementsAre("schema-missing new grant item SELECT to reader",
                                              "schema-missing new comment item 'goods'"));
}

TEST_F(FaultyRollback, IsCaughtLeavingASequenceElsewhere) {
  EXPECT_THAT(rules(after(R"sh(sql "ALTER TABLE item DROP COLUMN size" "UPDATE item SET name = lower(name)" \
                                    "SELECT setval('item_id_seq', 900)")sh")),
              ElementsAre("sequence-changed new item_id_seq"));
}

TEST_F(FaultyRollback, IsCaughtLosingWhatTheNewVersionWrote) {
  const Outcome outcome = after(
      R"sh(
        sql "ALTER TABLE item DROP COLUMN size" "UPDATE item SET name = lower(name)" "DELETE FROM item WHERE id > 2"
      )sh",
      R"js(, "writes": {
        "a signup": {"sql": "INSERT INTO item VALUES (9, 'N', 1)", "kept": "SELECT FROM item WHERE id = 9"},
        "a rename": {"sql": "UPDATE item SET name = 'ZED' WHERE id = 2",
                     "kept": "SELECT FROM item WHERE lower(name) = 'zed'"}})js");
  EXPECT_THAT(rules(outcome), ElementsAre("write-lost down a signup"));
  EXPECT_EQ(metric_of(outcome, "writes_lost"), 1);
}

TEST_F(FaultyRollback, IsCaughtDroppingTheTableThatWasWrittenTo) {
  action("up", R"sh(sql "CREATE TABLE fresh (id int PRIMARY KEY)")sh");
  const Outcome outcome =
      after(R"sh(sql "DROP TABLE fresh")sh",
            R"js(, "writes": {"w": {"sql": "INSERT INTO fresh VALUES (1)", "kept": "SELECT FROM fresh"}})js");
  EXPECT_THAT(rules(outcome), ElementsAre("write-lost down w"));
}

TEST_F(FaultyRollback, IsCaughtFailing) {
  const Outcome outcome = after(R"sh(sql "ALTER TABLE item DROP COLUMN sizes")sh");
  EXPECT_THAT(rules(outcome), ElementsAre("rollback-failed down"));
  EXPECT_THAT(outcome.findings.front().new_value.value_or(""), HasSubstr("does not exist"));
}

TEST_F(FaultyRollback, IsCaughtTakingTooLong) {
  const Outcome outcome = after(R"sh(sql "ALTER TABLE item DROP COLUMN size" "UPDATE item SET name = lower(name)" \
                                          "SELECT pg_sleep(0.2)")sh",
                                R"(, "within": "100ms")");
  EXPECT_THAT(rules(outcome), ElementsAre("rollback-slow down"));
  EXPECT_EQ(outcome.findings.front().old_value, "100 ms");
}

}  // namespace
}  // namespace sluice::migration
