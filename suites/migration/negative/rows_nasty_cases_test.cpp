// The cases that data comparison tools are known to get wrong. A sequence behind its rows, a constraint that was never
// validated and an invalid index leave the rows alike: those are in schema_faults_test. What must pass is in
// rows_benign_test and, for ids given anew, in rows_mapping_integration_test.
#include "harness/core/errors.hpp"
#include "suites/migration/testing/rows_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

class NastyCases : public RowsFixture {
 protected:
  Outcome compare_t() { return compare_both_ways(R"({"tables": {"t": {}}})"); }
};

TEST_F(NastyCases, NullIsNoTextThatLooksLikeIt) {
  old_side(
      "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT); INSERT INTO t VALUES (1, NULL), (2, NULL), (3, NULL), (4, '')");
  new_side(
      "CREATE TABLE t (id int PRIMARY KEY, s text); INSERT INTO t VALUES (1, ''), (2, ' '), (3, '<null>'), (4, NULL)");
  expect_findings(compare_t(),
                  {"row-changed t id=1 s", "row-changed t id=2 s", "row-changed t id=3 s", "row-changed t id=4 s"});
}

TEST_F(NastyCases, SeparatorsWithinValuesMoveNothing) {
  old_side("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT); INSERT INTO t VALUES (1, 'x|y', 'z')");
  new_side("CREATE TABLE t (id int PRIMARY KEY, a text, b text); INSERT INTO t VALUES (1, 'x', 'y|z')");
  expect_findings(compare_t(), {"row-changed t id=1 a", "row-changed t id=1 b"});
}

TEST_F(NastyCases, CompositeKeysDoNotRunTogether) {
  old_side("CREATE TABLE t (a INTEGER, b INTEGER, PRIMARY KEY (a, b)); INSERT INTO t VALUES (1, 11)");
  new_side("CREATE TABLE t (a int, b int, PRIMARY KEY (a, b)); INSERT INTO t VALUES (11, 1)");
  expect_findings(compare_t(), {"row-missing t a=1, b=11", "row-extra t a=11, b=1"});
}

TEST_F(NastyCases, SwappedValuesKeepEverySumAndAreStillSeen) {
  old_side("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO t VALUES (1, 10), (2, 20), (3, 30)");
  new_side("CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 20), (2, 10), (3, 30)");
  expect_findings(compare_t(), {"row-changed t id=1 n", "row-changed t id=2 n"});
}

TEST_F(NastyCases, ADuplicatePairReplacingAnotherIsSeenByKey) {
  old_side(
      "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT); INSERT INTO t VALUES (1, 'a'), (2, 'a'), (3, 'c'), (4, 'd')");
  new_side("CREATE TABLE t (id int PRIMARY KEY, s text); INSERT INTO t VALUES (1, 'b'), (2, 'b'), (3, 'c'), (4, 'd')");
  expect_findings(compare_t(), {"row-changed t id=1 s", "row-changed t id=2 s"});
}

TEST_F(NastyCases, ANumberThatSqliteAlreadyLostIsASourceSideHazard) {
  old_side(R"(CREATE TABLE t (id INTEGER PRIMARY KEY, amount NUMERIC(20,2));
              INSERT INTO t VALUES (1, 123456789012345678.12), (2, 19.99);)");
  new_side(
      "CREATE TABLE t (id int PRIMARY KEY, amount numeric(20,2)); INSERT INTO t VALUES (1, 123456789012345680), (2, "
      "19.99)");
  const Outcome outcome = compare_t();
  expect_earned_pass(outcome);
  ASSERT_THAT(lines(outcome), ::testing::ElementsAre("row-hazard t id=1 amount"));
  EXPECT_EQ(outcome.findings[0].severity, Severity::warning);
  EXPECT_THAT(outcome.findings[0].summary, HasSubstr("binary double"));
}

TEST_F(NastyCases, TheRightRowOfTheWrongTenantIsSeen) {
  old_side(
      "CREATE TABLE t (id INTEGER PRIMARY KEY, tenant INTEGER, s TEXT); INSERT INTO t VALUES (1, 1, 'a'), (2, 2, 'a')");
  new_side("CREATE TABLE t (id int PRIMARY KEY, tenant int, s text); INSERT INTO t VALUES (1, 1, 'a'), (2, 1, 'a')");
  expect_findings(compare_t(), {"row-changed t id=2 tenant"});
}

TEST_F(NastyCases, AJoinThatMultipliesRowsIsSeen) {
  old_side(
      "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT); INSERT INTO t VALUES (1, 'a'), (2, 'b');"
      "CREATE TABLE keyless (s TEXT); INSERT INTO keyless VALUES ('a'), ('b')");
  new_side(
      "CREATE TABLE t (id int, s text); INSERT INTO t VALUES (1, 'a'), (1, 'a'), (2, 'b');"
      "CREATE TABLE keyless (s text); INSERT INTO keyless VALUES ('a'), ('b'), ('b')");
  EXPECT_THAT(compare_error<InputError>(R"({"tables": {"t": {}}})"), HasSubstr("id=1 comes right after id=1"));
  expect_findings(compare_both_ways(R"({"tables": {"keyless": {}}})"), {"row-extra keyless s=b"});
}

TEST_F(NastyCases, AMergeThatOverwroteARowOfTheSameKeyIsSeen) {
  old_side(
      "CREATE TABLE a (id INTEGER PRIMARY KEY, s TEXT); INSERT INTO a VALUES (1, 'first'), (2, 'kept');"
      "CREATE TABLE b (id INTEGER PRIMARY KEY, s TEXT); INSERT INTO b VALUES (1, 'second')");
  new_side(
      "CREATE TABLE t (id int PRIMARY KEY, origin text, s text); INSERT INTO t VALUES (1, 'b', 'second'), (2, 'a', "
      "'kept')");
  expect_findings(compare_both_ways(R"({"tables": {"a": {"to": "t", "where_new": "origin = 'a'"},
                                                   "b": {"to": "t", "where_new": "origin = 'b'"}}})"),
                  {"row-missing a id=1"});
}

TEST_F(NastyCases, AChildOfTheWrongParentIsSeenThroughNewIds) {
  old_side(
      "CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO p VALUES (1, 'x'), (2, 'y');"
      "CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER); INSERT INTO c VALUES (7, 1), (8, 2)");
  new_side(
      "CREATE TABLE p (id int PRIMARY KEY, name text); INSERT INTO p VALUES (2, 'x'), (1, 'y');"
      "CREATE TABLE c (id int PRIMARY KEY, p int); INSERT INTO c VALUES (7, 1), (8, 1)");
  expect_findings(
      compare_both_ways(R"({"id_maps": {"p": {"kind": "natural", "old": {"table": "p", "id": "id", "by": "name"},
                                                          "new": {"table": "p", "id": "id", "by": "name"}}},
                                        "tables": {"p": {"ids": {"id": "p"}}, "c": {"ids": {"p": "p"}}}})"),
      {"row-changed c id=7 p"});
}

TEST_F(NastyCases, ALostUpdateAndAResurrectedRowAreSeen) {
  old_side(
      "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'updated'), (3, 'kept'), (40, 'key "
      "changed')");
  new_side(
      "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'before'), (2, 'deleted'), (3, 'kept'), "
      "(4, 'key changed')");
  expect_findings(compare_t(), {"row-changed t id=1 v", "row-extra t id=2", "row-extra t id=4", "row-missing t id=40"});
}

TEST_F(NastyCases, ATextCutAtANulIsSeenAndTheSourceIsNamed) {
  old_side(
      "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT); INSERT INTO t VALUES (1, 'a' || char(0) || 'b'), (2, 'fine')");
  new_side("CREATE TABLE t (id int PRIMARY KEY, s text); INSERT INTO t VALUES (1, 'a'), (2, 'fine')");
  const Outcome outcome = compare_t();
  expect_findings(outcome, {"row-changed t id=1 s", "row-hazard t id=1 s"});
  EXPECT_EQ(outcome.findings[0].old_value, "a\\x00b");
}

TEST_F(NastyCases, TextInAnIntegerColumnIsSeenAndTheSourceIsNamed) {
  old_side("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO t VALUES (1, 'n/a'), (2, 5), (3, 1.5)");
  new_side("CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, NULL), (2, 5), (3, 2)");
  const Outcome outcome = compare_t();
  expect_findings(outcome, {"row-changed t id=1 n", "row-changed t id=3 n", "row-hazard t id=1 n"});
  EXPECT_EQ(outcome.findings.back().occurrences, 2u);
}

TEST_F(NastyCases, SeveralNullPrimaryKeysAreMissingAndTheSourceIsNamed) {
  old_side("CREATE TABLE t (k TEXT PRIMARY KEY, n INTEGER); INSERT INTO t VALUES (NULL, 1), (NULL, 2), ('a', 3)");
  new_side("CREATE TABLE t (k text PRIMARY KEY, n int); INSERT INTO t VALUES ('a', 3)");
  const Outcome outcome = compare_t();
  expect_findings(outcome, {"row-missing t k=NULL", "row-missing t k=NULL", "row-hazard t k=NULL k"});
}

TEST_F(NastyCases, ComposedAndDecomposedTextDiffer) {
  old_side("CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT); INSERT INTO t VALUES (1, char(0x65, 0x301))");
  new_side("CREATE TABLE t (id int PRIMARY KEY, s text); INSERT INTO t VALUES (1, U&'\\00E9')");
  expect_findings(compare_t(), {"row-changed t id=1 s"});
}

TEST_F(NastyCases, ATimeThatItsZoneHadTwiceIsASourceSideHazard) {
  old_side(
      "CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT); INSERT INTO t VALUES (1, '2026-10-25 02:30:00'), (2, "
      "'2026-10-25 04:00:00')");
  new_side(
      "CREATE TABLE t (id int PRIMARY KEY, at timestamptz); INSERT INTO t VALUES (1, '2026-10-25 00:30:00Z'), (2, "
      "'2026-10-25 03:00:00Z')");
  expect_findings(compare_both_ways(R"({"tables": {"t": {"zone": "Europe/Berlin"}}})"),
                  {"row-changed t id=1 at", "row-hazard t id=1 at"});
}

TEST_F(NastyCases, DuplicateJsonNamesThatCollapseAreAWarning) {
  old_side(R"(CREATE TABLE t (id INTEGER PRIMARY KEY, j JSON); INSERT INTO t VALUES (1, '{"a": 1, "a": 2}');)");
  new_side(R"(CREATE TABLE t (id int PRIMARY KEY, j jsonb); INSERT INTO t VALUES (1, '{"a": 2}'))");
  const Outcome outcome = compare_t();
  expect_earned_pass(outcome);
  EXPECT_THAT(lines(outcome), ::testing::ElementsAre("row-hazard t id=1 j"));
}

TEST_F(NastyCases, LeadingZerosLostInAnIntegerColumnAreSeen) {
  old_side("CREATE TABLE t (id INTEGER PRIMARY KEY, zip TEXT); INSERT INTO t VALUES (1, '00501')");
  new_side("CREATE TABLE t (id int PRIMARY KEY, zip int); INSERT INTO t VALUES (1, 501)");
  EXPECT_THAT(lines(compare_t()), Contains("row-changed t id=1 zip"));
}

TEST_F(NastyCases, TextAmongIntegerKeysIsSortedAndNamedNotChokedOn) {
  old_side(
      "CREATE TABLE t (k INT, n INTEGER, PRIMARY KEY (k)); INSERT INTO t VALUES (2, 1), (10, 2), ('x', 3), (1.5, 4)");
  new_side("CREATE TABLE t (k int PRIMARY KEY, n int); INSERT INTO t VALUES (2, 1), (10, 2)");
  const Outcome outcome = compare_t();
  expect_findings(outcome, {"row-missing t k=1.5", "row-missing t k=x", "row-hazard t k=1.5 k"});
}

TEST_F(NastyCases, DigitsLostToAFloatAreSeenBesideTextAndUndeclaredColumns) {
  old_side(R"(CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c);
              INSERT INTO t VALUES (1, '9007199254740993', '0.12345678901234567890123', 16777217),
                                   (2, '9007199254740992', '0.1', 16777216), (3, '1e20', '-0.50', 0.25);)");
  new_side(R"(CREATE TABLE t (id int PRIMARY KEY, a float8, b float8, c real);
              INSERT INTO t VALUES (1, 9007199254740992, 0.12345678901234567890123, 16777216),
                                   (2, 9007199254740992, 0.1, 16777216), (3, 1e20, -0.5, 0.25))");
  expect_findings(compare_t(), {"row-changed t id=1 a", "row-changed t id=1 b", "row-changed t id=1 c"});
}

TEST_F(NastyCases, AKeyThatIsNotUtf8IsReportedWithoutAStatement) {
  old_side("CREATE TABLE t (k TEXT PRIMARY KEY); INSERT INTO t VALUES ('a'), (CAST(x'ff41' AS TEXT))");
  new_side("CREATE TABLE t (k text PRIMARY KEY); INSERT INTO t VALUES ('a')");
  const Outcome outcome = compare_t();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  ASSERT_FALSE(outcome.findings.empty());
  EXPECT_EQ(outcome.findings[0].rule, "row-missing");
  EXPECT_THAT(outcome.findings[0].reproduce, HasSubstr("new: no statement: the key is not valid text"));
}

}  // namespace
}  // namespace sluice::migration
