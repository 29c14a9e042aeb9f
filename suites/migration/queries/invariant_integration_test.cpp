#include "suites/migration/queries/invariant.hpp"

#include "suites/migration/testing/side_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Invariants : public SideFixture {
 protected:
  void SetUp() override {
    SideFixture::SetUp();
    old_side(R"sql(CREATE TABLE captures (id INTEGER PRIMARY KEY, session TEXT, amount NUMERIC, at TEXT);
      INSERT INTO captures VALUES (1, 'a', 1.10, '2024-01-01 12:00:00'), (2, 'a', 2, '2024-01-02 00:00:00'),
                                  (3, 'b', 7.25, '2024-01-03 00:00:00'))sql");
    new_side(R"sql(CREATE TABLE sessions (id text PRIMARY KEY, tenant int NOT NULL);
      CREATE TABLE captures (id bigint PRIMARY KEY, session text, amount numeric(10,4), at timestamptz);
      INSERT INTO sessions VALUES ('a', 1), ('b', 1);
      INSERT INTO captures VALUES (1, 'a', 1.10, '2024-01-01 14:00:00+02'), (2, 'a', 2, '2024-01-02'),
                                  (3, 'b', 7.25, '2024-01-03'))sql");
  }
  Outcome check(const std::string& parameters) { return run(invariant_kind(), parameters); }
  std::string error(const std::string& parameters) { return run_error(invariant_kind(), parameters); }
};

TEST_F(Invariants, HoldOnBothEngines) {
  const Outcome outcome = check(R"yaml(
    invariants:
      sums: { equal: "SELECT session, count(*), sum(amount), min(at) AS first FROM captures GROUP BY session", key: session }
      rows: { equal: { old: "SELECT amount FROM captures", new: "SELECT amount FROM captures" } }
      orphans: { empty: "SELECT id FROM captures WHERE session NOT IN (SELECT id FROM sessions)",
                 violation: "INSERT INTO captures VALUES (9, 'nobody')" }
      negative: { empty: "SELECT id FROM captures WHERE amount < 0", side: both })yaml");
  expect_proven_pass(outcome);
  EXPECT_EQ(outcome.coverage[0].examined, 4u);
  EXPECT_EQ(outcome.coverage[1].examined, 5u);
  EXPECT_THAT(outcome.control->planted,
              AllOf(HasSubstr("orphans: the 1 statements of `violation`, rolled back"),
                    HasSubstr("negative: one invented row"), HasSubstr("sums: first of row")));
  EXPECT_THAT(outcome.control->observed, HasSubstr("orphans: 1 rows on the new side"));
  EXPECT_EQ(ask_new_side("SELECT count(*) FROM captures"), std::vector<std::string>{"3"});
}

TEST_F(Invariants, AreInconclusiveWithoutRows) {
  const std::string query = R"yaml(equal: "SELECT id FROM captures WHERE id > 99")yaml";
  const Outcome outcome = check("invariants: { none: { " + query + " } }");
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(outcome.reason, AllOf(HasSubstr("none"), HasSubstr("may_be_empty")));
  expect_proven_pass(check("invariants: { none: { may_be_empty: true, " + query + " } }"));
}

TEST_F(Invariants, AreInconclusiveWhereOnlyNullsAreCompared) {
  const std::string query = R"yaml(equal: "SELECT max(id), sum(amount) FROM captures WHERE id > 99")yaml";
  const Outcome outcome = check("invariants: { none: { " + query + " } }");
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(outcome.reason, AllOf(HasSubstr("nothing but NULL"), HasSubstr("none"), HasSubstr("may_be_empty")));
  const Outcome right = check("invariants: { none: { may_be_empty: true, " + query + " } }");
  expect_proven_pass(right);
  EXPECT_EQ(right.coverage[1].examined, 0u);
  // A count of 0 is a value that both sides gave.
  expect_proven_pass(
      check(R"yaml(invariants: { none: { equal: "SELECT count(*) FROM captures WHERE id > 99" } })yaml"));
  new_side("INSERT INTO captures VALUES (100, 'a', 1, now())");
  EXPECT_EQ(check("invariants: { none: { " + query + " } }").findings_total, 2u);
}

TEST_F(Invariants, AreNotProvedByAViolationThatViolatesNothing) {
  const Outcome outcome = check(R"yaml(
    invariants: { a: { empty: "SELECT id FROM captures WHERE amount < 0",
                       violation: "INSERT INTO captures VALUES (9)" } })yaml");
  ASSERT_TRUE(outcome.control);
  EXPECT_FALSE(outcome.control->caught);
}

TEST_F(Invariants, AreNotProvedByAViolationThatTheDatabaseRefuses) {
  const Outcome outcome = check(R"yaml(
    invariants: { a: { empty: "SELECT id FROM captures WHERE amount < 0",
                       violation: ["INSERT INTO captures VALUES (1, 'a', -1)"] } })yaml");
  ASSERT_TRUE(outcome.control);
  EXPECT_FALSE(outcome.control->caught);
  EXPECT_THAT(outcome.control->observed, HasSubstr("duplicate key"));
}

TEST_F(Invariants, RefuseWhatCannotWork) {
  EXPECT_THAT(error(R"yaml(invariants: { a: { empty: "SELECT nope FROM captures" } })yaml"),
              AllOf(HasSubstr("running invariant a on the new side"), HasSubstr("nope")));
  EXPECT_THAT(error(R"yaml(invariants: { a: { equal: "SELECT id FROM capture" } })yaml"), HasSubstr("capture"));
  EXPECT_THAT(error(R"yaml(invariants: { a: { empty: "DELETE FROM captures" } })yaml"), HasSubstr("syntax error"));
  EXPECT_THAT(error(R"yaml(invariants: { a: {} })yaml"), HasSubstr("either `empty: SQL` or `equal: SQL`"));
  EXPECT_THAT(error(R"yaml(invariants: { a: { equal: { old: "SELECT 1" } } })yaml"),
              HasSubstr("{ old: SQL, new: SQL }"));
  EXPECT_THAT(error(R"yaml(invariants: { a: { equal: { old: "SELECT min(id) AS lo, max(id) AS hi FROM captures",
                                                       new: "SELECT min(id) AS hi, max(id) AS lo FROM captures" } } })yaml"),
              AllOf(HasSubstr("invariant a: "), HasSubstr("the columns lo, hi, the new side's hi, lo")));
  EXPECT_THAT(error(R"yaml({ invariants: { a: { equal: "SELECT id FROM captures" } }, rows: 2 })yaml"),
              HasSubstr("returns 3 rows"));
  EXPECT_THAT(error(R"yaml({ invariants: { a: { empty: "SELECT pg_sleep(60)" } }, timeout: 100ms })yaml"),
              AllOf(HasSubstr("statement timeout"), HasSubstr("allowed: 0.1 s")));
}

TEST_F(Invariants, AreAskedOfTheStoresThatThePlanNames) {
  context().stores["before"] = context().stores["old"];
  context().stores["old"] = "sqlite:not-there.db";
  const std::string counts = R"yaml(invariants: { a: { equal: "SELECT id FROM captures" } } })yaml";
  expect_proven_pass(check("{ old: before, " + counts));
  expect_proven_pass(
      check("{ old: before, new: before, invariants: { a: { equal: { old: SELECT count(*) FROM captures, new: "
            "SELECT count(id) FROM captures } } } }"));
  EXPECT_THAT(error("{ old: new, " + counts),
              HasSubstr("one query is compared with itself, as `old` and `new` are both"));
  expect_proven_pass(
      check("{ old: before, invariants: { a: { side: old, empty: SELECT id FROM captures WHERE id < 0 } } }"));
}

TEST_F(Invariants, AreErroredWhenTheConnectionIsLost) {
  EXPECT_THAT(error(R"yaml(invariants: { a: { empty: "SELECT pg_terminate_backend(pg_backend_pid())" } })yaml"),
              HasSubstr("terminat"));
}

}  // namespace
}  // namespace sluice::migration
