#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "suites/migration/suite.hpp"
#include "suites/migration/testing/rows_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::HasSubstr;

class Rows : public RowsFixture {};

TEST_F(Rows, AreComparedBetweenTwoFilesOfSqliteToo) {
  old_side("CREATE TABLE t (id INTEGER PRIMARY KEY, any_value); INSERT INTO t VALUES (1, x'00'), (2, 2), (3, 'three')");
  const testing::SqliteFile other(folder().path() / "new.db");
  other.execute(
      "CREATE TABLE t (id INTEGER PRIMARY KEY, any_value); INSERT INTO t VALUES (1, x'00'), (2, '2'), (3, 'three')");
  context().stores["new"] = "sqlite:new.db";
  expect_findings(compare(R"({"tables": {"t": "t"}})"), {"row-changed t id=2 any_value"});
  other.execute("UPDATE t SET any_value = 2 WHERE id = 2");
  expect_earned_pass(compare(R"({"tables": {"t": "t"}})"));
}

TEST_F(Rows, AreCountedExactlyWhenOnlyASampleIsShown) {
  old_side(R"(CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER);
              WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
              INSERT INTO t SELECT i, i, i FROM n;)");
  new_side(R"(CREATE TABLE t (id int PRIMARY KEY, a int, b int);
              INSERT INTO t SELECT i, i + 1, CASE WHEN i % 2 = 0 THEN 0 ELSE i END FROM generate_series(1, 1000) i)");
  const Outcome outcome = compare(R"({"tables": {"t": {}}, "sample": 3})");
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_EQ(lines(outcome).size(), 4u);  // the second of three rows differs in two columns
  EXPECT_EQ(outcome.findings_total, 1500u);
  EXPECT_EQ(metric(outcome, "t.rows_changed"), 1000);
  EXPECT_EQ(metric(outcome, "t.a.cells_changed"), 1000);
  EXPECT_EQ(metric(outcome, "t.b.cells_changed"), 500);
}

TEST_F(Rows, AreReadWithinOneSnapshotOfEachSide) {
  old_side(
      "CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE TABLE u (id INTEGER PRIMARY KEY);"
      "INSERT INTO t VALUES (1); INSERT INTO u VALUES (1)");
  new_side(
      "CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (id int PRIMARY KEY);"
      "INSERT INTO t VALUES (1); INSERT INTO u VALUES (1)");
  bool written = false;
  context().progress = [&](const Progress&) {
    if (!std::exchange(written, true)) new_side("INSERT INTO u VALUES (2)");
  };
  expect_earned_pass(compare(R"({"tables": {"t": {}, "u": {}}})"));
  EXPECT_TRUE(written);
  expect_findings(compare(R"({"tables": {"t": {}, "u": {}}})"), {"row-extra u id=2"});
}

TEST_F(Rows, TellTheirProgressInRows) {
  old_side("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3)");
  new_side("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3)");
  Progress last;
  context().progress = [&](const Progress& progress) { last = progress; };
  expect_earned_pass(compare(R"({"tables": {"t": {}}})"));
  EXPECT_EQ(last.done, 3);
  EXPECT_EQ(last.unit, "rows");
}

TEST_F(Rows, CanBeKeyedAsTextWhereTypesHaveNoCommonOrder) {
  old_side("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO t VALUES (9, 1), (10, 2)");
  new_side("CREATE TABLE t (id text PRIMARY KEY, n int); INSERT INTO t VALUES ('9', 1), ('10', 2)");
  EXPECT_THAT(compare_error<std::exception>(R"({"tables": {"t": {}}})"), HasSubstr("types: {COLUMN: text}"));
  expect_earned_pass(compare(R"({"tables": {"t": {"types": {"id": "text"}}}})"));
}

long resident_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
  }
  return 0;
}

TEST_F(Rows, AreReadInConstantMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer keeps freed memory on purpose";
#endif
  old_side(R"(CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT);
              WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150000)
              INSERT INTO t SELECT i, printf('%0500d', i) FROM n;)");
  new_side(R"(CREATE TABLE t (id int PRIMARY KEY, s text);
              INSERT INTO t SELECT i, lpad(i::text, 500, '0') FROM generate_series(1, 150000) i)");
  long first = 0, highest = 0;
  context().progress = [&](const Progress&) {
    highest = std::max(highest, resident_kilobytes());
    if (first == 0) first = highest;
  };
  expect_earned_pass(compare(R"({"tables": {"t": {}}})"));
  ASSERT_GT(first, 0);
  EXPECT_LT(highest - first, 16 * 1024) << "of 75 MB on each side";
}

TEST_F(Rows, OfTextKeysThatTheOldSchemaComparesWithoutCaseAreToldApart) {
  old_side("CREATE TABLE t (k TEXT COLLATE NOCASE, n INTEGER); INSERT INTO t VALUES ('a', 1), ('A', 2)");
  new_side("CREATE TABLE t (k text PRIMARY KEY, n int); INSERT INTO t VALUES ('a', 1), ('A', 2)");
  expect_earned_pass(compare(R"({"tables": {"t": {}}})"));
}

TEST_F(Rows, OfViewsDomainsAndEnumerationsAreCompared) {
  old_side(
      "CREATE TABLE base (id INTEGER PRIMARY KEY, mood TEXT, price TEXT); INSERT INTO base VALUES (1, 'sad', '1.50'), "
      "(2, 'ok', '2');"
      "CREATE VIEW t AS SELECT * FROM base");
  new_side(
      "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN money2 AS numeric(9,2);"
      "CREATE TABLE t (id int, mood mood, price money2); INSERT INTO t VALUES (1, 'sad', 1.5), (2, 'ok', 2)");
  expect_earned_pass(compare(R"({"tables": {"t": {"key": ["mood"]}}})"));
}

TEST(MigrationSuite, ListsItsKinds) {
  std::vector<std::string> names;
  for (const auto& kind : kinds()) names.push_back(kind.name);
  EXPECT_THAT(
      names, ::testing::ElementsAre("migration.rows", "migration.schema", "migration.invariant", "migration.status",
                                    "migration.search", "migration.crash", "migration.idempotent", "migration.rollback",
                                    "migration.locks", "migration.live_writes", "migration.sync"));
  EXPECT_TRUE(kinds()[0].needs_stores);
}

}  // namespace
}  // namespace sluice::migration
