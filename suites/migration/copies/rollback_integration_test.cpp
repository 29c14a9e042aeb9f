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
