// Schemas of SQLite that fail at the next write, and what of SQLite's promises PostgreSQL does not keep by itself.
#include "suites/migration/schema/schema.hpp"
#include "suites/migration/testing/side_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// The old side alone, a SQLite file.
class BrokenFile : public SideFixture {
 protected:
  Outcome check(const std::string& sql) {
    old_side(sql);
    return run(schema_kind(), "{ side: old }");
  }
};

TEST_F(BrokenFile, IsCaughtWhereATriggerUsesALostColumn) {
  const Outcome outcome = check(
      "CREATE TABLE log (a INT); CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT AS (id + 1));"
      "CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.a); END;"
      "CREATE TRIGGER chg AFTER UPDATE OF a ON t BEGIN UPDATE log SET a = 1; END;"
      "INSERT INTO t (a) VALUES (1); UPDATE t SET a = 2");
  expect_proven_pass(outcome);
  EXPECT_THAT(outcome.control->observed, HasSubstr("write-broken found"));
  // SQLite takes a trigger whatever its body names.
  const Outcome broken = check(
      "DROP TRIGGER tr; CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.gone); END; DROP TABLE "
      "log");
  expect_found(broken, {"write-broken table t", "write-broken table t"});
  EXPECT_THAT(broken.findings[0].summary,
              AllOf(HasSubstr("takes no INSERT (its triggers: chg, tr)"), HasSubstr("no such")));
  EXPECT_THAT(broken.findings[1].summary, AllOf(HasSubstr("takes no UPDATE"), HasSubstr("no such table")));
  EXPECT_THAT(broken.findings[1].reproduce, HasSubstr("EXPLAIN UPDATE"));
}

TEST_F(BrokenFile, IsCaughtWhereAViewCannotBeWrittenAnyMore) {
  const char* const sound =
      "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT); CREATE TABLE log (a INT); CREATE VIEW v AS SELECT id, a FROM t;"
      "CREATE TRIGGER put INSTEAD OF INSERT ON v BEGIN INSERT INTO log VALUES (new.a); END;"
      "CREATE VIEW plain AS SELECT a FROM t";
  expect_proven_pass(check(sound));
  expect_found(check("DROP TABLE log"), {"write-broken view v"});
}

TEST_F(BrokenFile, IsNotJudgedByWhatOnlyItsApplicationHas) {
  const Outcome outcome = check(
      "CREATE TABLE t (a TEXT); CREATE TRIGGER tr BEFORE INSERT ON t BEGIN SELECT slug(new.a); END;"
      "CREATE VIEW v AS SELECT slug(a) FROM t");
  expect_proven_pass(outcome);
  EXPECT_THAT(finding_lines(outcome),
              ::testing::UnorderedElementsAre("statement-not-judged table t", "statement-not-judged view v"));
}

TEST_F(BrokenFile, SaysWhatToAddWhereNothingCanBeUnsound) {
  const Outcome outcome = check("CREATE TABLE t (a TEXT)");
  ASSERT_TRUE(outcome.control);
  EXPECT_FALSE(outcome.control->caught);
  EXPECT_THAT(outcome.control->planted,
              AllOf(HasSubstr("without foreign keys, views and triggers"), HasSubstr("add `references:`")));
  EXPECT_THAT(outcome.control->observed, IsEmpty());
  old_side("CREATE TABLE u (t TEXT)");
  expect_proven_pass(run(schema_kind(), "{ side: old, references: { u.t: t.a } }"));
}

/// Old is a SQLite file, new a PostgreSQL.
class UniqueWithoutCase : public SideFixture {
 protected:
  std::vector<std::string> found(const std::string& columns, const std::string& indexes = "") {
    new_side("DROP TABLE IF EXISTS t; CREATE TABLE t (" + columns + ");" + indexes);
    return finding_lines(run(schema_kind(), "{ diff: true }"));
  }
};

TEST_F(UniqueWithoutCase, IsCaughtWhereCaseCountsNow) {
  old_side("CREATE TABLE t (a TEXT COLLATE NOCASE UNIQUE, b INT)");
  const std::string lost = "collation-differs constraint t.unique (a)";
  EXPECT_THAT(found("a text UNIQUE, b bigint"), ElementsAre(lost));
  EXPECT_THAT(found("a text, b bigint", "CREATE UNIQUE INDEX ON t (a)"), ElementsAre(lost));
  EXPECT_THAT(found("a text UNIQUE, b bigint", "CREATE UNIQUE INDEX ON t (lower(a)) WHERE b > 0"), ElementsAre(lost));
  EXPECT_THAT(found("a text UNIQUE, b bigint", "CREATE INDEX ON t (lower(a))"), ElementsAre(lost));
  EXPECT_THAT(found("a text, b bigint"), ElementsAre("constraint-missing constraint t.unique (a)"));
  EXPECT_THAT(found("a text, b bigint", "CREATE UNIQUE INDEX ON t (lower(a))"), IsEmpty());
  EXPECT_THAT(found("a varchar(9) UNIQUE, b bigint", "CREATE UNIQUE INDEX ON t (upper(a))"), IsEmpty());
  new_side("CREATE EXTENSION citext");
  EXPECT_THAT(found("a citext UNIQUE, b bigint"), IsEmpty());
  new_side("CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
  EXPECT_THAT(found("a text COLLATE folded UNIQUE, b bigint"), IsEmpty());
  new_side("DROP TABLE t; CREATE TABLE t (a text UNIQUE, b bigint)");
  expect_proven_pass(
      run(schema_kind(), "{ diff: true, changes: [{ changed: constraint t.unique (a), property: collation }] }"));
}

TEST_F(UniqueWithoutCase, IsCaughtInKeysAndIndexesOfSeveralColumns) {
  old_side(
      "CREATE TABLE t (a TEXT COLLATE NOCASE, b INT, c TEXT, PRIMARY KEY (a, b));"
      "CREATE UNIQUE INDEX i ON t (b, c COLLATE NOCASE)");
  EXPECT_THAT(found("a text, b bigint, c text, PRIMARY KEY (a, b)", "CREATE UNIQUE INDEX ON t (b, c)"),
              ElementsAre("collation-differs constraint t.primary key (a, b)",
                          "collation-differs index t.unique btree (b, c)"));
  EXPECT_THAT(found("a text, b bigint, c text, PRIMARY KEY (a, b)",
                    "CREATE UNIQUE INDEX ON t (b, lower(c)); CREATE UNIQUE INDEX ON t (lower(a), b)"),
              IsEmpty());
}

}  // namespace
}  // namespace sluice::migration
