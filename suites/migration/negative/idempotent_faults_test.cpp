// Migrations that change something when they are run once more, one planted fault each.
#include "suites/migration/copies/idempotent.hpp"
#include "suites/migration/testing/action_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class FaultyWhenRepeated : public ActionFixture {
 protected:
  void SetUp() override {
    ActionFixture::SetUp();
    old_side("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO item VALUES (1, 'a'), (2, 'b')");
    new_side(
        "CREATE TABLE item (id serial PRIMARY KEY, name text); INSERT INTO item (name) VALUES ('a'), ('b');"
        "CREATE TABLE bag (name text); INSERT INTO bag VALUES ('x')");
  }
  Outcome again(const std::string& script) {
    action("migrate", script);
    Outcome outcome = run(idempotent_kind(), R"({"action": "migrate"})");
    EXPECT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
    return outcome;
  }
};

TEST_F(FaultyWhenRepeated, IsCaughtCopyingRowsTwice) {
  EXPECT_THAT(rules(again(R"sh(sql "INSERT INTO item VALUES (3, 'a')")sh")), ElementsAre("row-extra new item id=3"));
}

TEST_F(FaultyWhenRepeated, IsCaughtChangingACellAgain) {
  const Outcome outcome = again(R"sh(sql "UPDATE item SET name = name || '!' WHERE id = 1")sh");
  EXPECT_THAT(rules(outcome), ElementsAre("row-changed new item id=1 name"));
  EXPECT_EQ(outcome.findings.front().old_value, "a");
  EXPECT_EQ(outcome.findings.front().new_value, "a!");
}

TEST_F(FaultyWhenRepeated, IsCaughtAddingToATableWithoutAKey) {
  EXPECT_THAT(rules(again(R"sh(sql "INSERT INTO bag VALUES ('x')")sh")), ElementsAre("row-changed new bag"));
}

TEST_F(FaultyWhenRepeated, IsCaughtBurningASequence) {
  EXPECT_THAT(rules(again(R"sh(sql "INSERT INTO item (id, name) VALUES (1, 'a') ON CONFLICT DO NOTHING" \
                                    "SELECT nextval('item_id_seq')")sh")),
              ElementsAre("sequence-changed new item_id_seq"));
}

TEST_F(FaultyWhenRepeated, IsCaughtMakingOneMoreIndex) {
  const Outcome outcome = again(R"sh(sql "CREATE INDEX ON item (name)")sh");
  EXPECT_THAT(rules(outcome), ElementsAre(StartsWith("schema-extra new index CREATE INDEX item_name_idx")));
}

TEST_F(FaultyWhenRepeated, IsCaughtGivingATableToSomebodyElse) {
  cluster().execute("DROP ROLE IF EXISTS keeper; CREATE ROLE keeper");
  EXPECT_THAT(rules(again(R"sh(sql "ALTER TABLE bag OWNER TO keeper")sh")),
              ElementsAre("schema-missing new owner bag sluice", "schema-extra new owner bag keeper"));
}

TEST_F(FaultyWhenRepeated, IsCaughtGrantingMore) {
  EXPECT_THAT(rules(again(R"sh(sql "GRANT SELECT ON bag TO public")sh")),
              ElementsAre("schema-extra new grant bag SELECT to public"));
}

TEST_F(FaultyWhenRepeated, IsCaughtDroppingATable) {
  const Outcome outcome = again(R"sh(sql "DROP TABLE bag")sh");
  EXPECT_THAT(::testing::PrintToString(rules(outcome)), HasSubstr("schema-missing new relation bag"));
}

TEST_F(FaultyWhenRepeated, IsCaughtWritingToTheOldSide) {
  const Outcome outcome = again(R"sh(
    sql "SELECT 1"
    python3 -c "import sqlite3,sys; c = sqlite3.connect(sys.argv[1]); c.execute('DELETE FROM item WHERE id = 2'); c.commit()" "$OLD"
  )sh");
  EXPECT_THAT(rules(outcome), ElementsAre("row-missing old item id=2"));
}

// The copies share it with the stores themselves: it is done for good, and is named so that an earlier action does it.
TEST_F(FaultyWhenRepeated, IsRefusedSettingWhatBelongsToTheServer) {
  const auto set = [&](const std::string& value) {
    action("migrate", "sql \"ALTER DATABASE " + database() + " SET work_mem = '" + value + "'\"");
  };
  const std::string parameters = R"({"action": "migrate"})";
  set("8MB");
  EXPECT_THAT(error(idempotent_kind(), parameters),
              AllOf(HasSubstr("the store new itself changed"), HasSubstr("setting work_mem"),
                    HasSubstr("of database " + database() + " is new"), HasSubstr("let an earlier action make them")));
  expect_proof(run(idempotent_kind(), parameters));
  set("9MB");
  EXPECT_THAT(error(idempotent_kind(), parameters), HasSubstr("setting work_mem"));
}

TEST_F(FaultyWhenRepeated, IsCaughtFailing) {
  const Outcome outcome = again(R"sh(sql "CREATE TABLE bag (name text)")sh");
  EXPECT_THAT(rules(outcome), ElementsAre("second-run-failed migrate"));
  EXPECT_THAT(outcome.findings.front().new_value.value_or(""), HasSubstr("already exists"));
}

}  // namespace
}  // namespace sluice::migration
