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
