// Changes of representation that are no changes of value: each must pass, and its control must still be caught.
#include "suites/migration/testing/rows_fixture.hpp"

namespace sluice::migration {
namespace {

class BenignMigration : public RowsFixture {};

TEST_F(BenignMigration, PassesWithAnotherOrderOfJsonKeysAndOtherScales) {
  old_side(R"(CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT);
              INSERT INTO t VALUES (1, '{"zebra": 1e2, "a": [1.0, {"y": null, "x": "é"}]}'), (2, '[]'), (3, NULL);)");
  new_side(R"(CREATE TABLE t (id int PRIMARY KEY, body jsonb);
              INSERT INTO t VALUES (1, '{"a": [1, {"x": "\u00e9", "y": null}], "zebra": 100}'), (2, '[]'), (3, NULL))");
  expect_earned_pass(compare_both_ways(R"({"tables": {"t": {}}})"));
}

TEST_F(BenignMigration, PassesWithAnotherNumericScale) {
  old_side(
      "CREATE TABLE t (id INTEGER PRIMARY KEY, price TEXT); INSERT INTO t VALUES (1, '1.10'), (2, '100.0'), (3, '-0')");
  new_side("CREATE TABLE t (id int PRIMARY KEY, price numeric); INSERT INTO t VALUES (1, 1.1), (2, 1e2), (3, 0.000)");
  expect_earned_pass(compare_both_ways(R"({"tables": {"t": {}}})"));
}

TEST_F(BenignMigration, PassesWithTheSameInstantInAnotherOffset) {
  old_side(R"(CREATE TABLE t (id INTEGER PRIMARY KEY, at DATETIME);
              INSERT INTO t VALUES (1, '2026-07-01 12:00:00'), (2, '2026-07-01T12:00:00.250Z');)");
  new_side(R"(CREATE TABLE t (id int PRIMARY KEY, at timestamptz);
              INSERT INTO t VALUES (1, '2026-07-01 14:00:00+02'), (2, '2026-07-01 12:00:00.25+00'))");
  expect_earned_pass(compare_both_ways(R"({"tables": {"t": {}}})"));
}

TEST_F(BenignMigration, PassesWithWallClockTimesOfADeclaredZone) {
  old_side("CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT); INSERT INTO t VALUES (1, '2026-07-01 12:00:00')");
  new_side("CREATE TABLE t (id int PRIMARY KEY, at timestamptz); INSERT INTO t VALUES (1, '2026-07-01 10:00:00Z')");
  expect_earned_pass(compare_both_ways(R"({"tables": {"t": {"zone": "Europe/Berlin"}}})"));
  expect_findings(compare_both_ways(R"({"tables": {"t": {}}})"), {"row-changed t id=1 at"});
}

TEST_F(BenignMigration, PassesWithUuidsInAnotherCaseAsTheKey) {
  old_side(R"(CREATE TABLE t (id TEXT PRIMARY KEY, n INTEGER);
              INSERT INTO t VALUES ('FFFFFFFF-0000-4000-8000-000000000001', 1), ('aaaaaaaa-0000-4000-8000-000000000002', 2),
                                   ('BBBBBBBB-0000-4000-8000-000000000003', 3);)");
  new_side(R"(CREATE TABLE t (id uuid PRIMARY KEY, n int);
              INSERT INTO t VALUES ('ffffffff-0000-4000-8000-000000000001', 1), ('aaaaaaaa-0000-4000-8000-000000000002', 2),
                                   ('bbbbbbbb-0000-4000-8000-000000000003', 3))");
  expect_earned_pass(compare_both_ways(R"({"tables": {"t": {}}})"));
}

TEST_F(BenignMigration, PassesWithPaddedCharacters) {
  old_side("CREATE TABLE t (code TEXT PRIMARY KEY, flag INTEGER); INSERT INTO t VALUES ('a', 1), ('ab', 0)");
  new_side("CREATE TABLE t (code char(5) PRIMARY KEY, flag boolean); INSERT INTO t VALUES ('a', true), ('ab', false)");
  expect_earned_pass(compare_both_ways(R"({"tables": {"t": {}}})"));
}

TEST_F(BenignMigration, PassesWithAKeyThatTheNewSideCollatesByLanguage) {
  old_side(R"(CREATE TABLE t (name TEXT PRIMARY KEY COLLATE NOCASE, n INTEGER);
              INSERT INTO t VALUES ('a', 1), ('B', 2), ('c', 3), ('Z', 4), ('ä', 5), ('_', 6), ('-a', 7);)");
  new_side(R"(CREATE TABLE t (name text COLLATE "en-x-icu" PRIMARY KEY, n int);
              INSERT INTO t VALUES ('Z', 4), ('ä', 5), ('_', 6), ('-a', 7), ('a', 1), ('B', 2), ('c', 3))");
  expect_earned_pass(compare_both_ways(R"({"tables": {"t": {}}})"));
}

TEST_F(BenignMigration, PassesWithKeysOfSeveralTypesTogether) {
  old_side(R"(CREATE TABLE t (at TEXT, price NUMERIC, raw BLOB, name TEXT, n REAL, PRIMARY KEY (at, price, raw, name));
              INSERT INTO t VALUES ('2026-01-01T00:00:00+02:00', 1.5, x'00ff', 'tab	and \ and
line', 0.1), ('2026-01-01 00:00:00', 10, x'', '', -0.0), ('2026-01-01 00:00:00', 9, x'ff', 'x', 1e300);)");
  new_side(R"(CREATE TABLE t (at timestamptz, price numeric, raw bytea, name varchar(40), n double precision,
                              PRIMARY KEY (name, at, price, raw));
              INSERT INTO t VALUES ('2025-12-31 22:00:00Z', 1.50, '\x00ff', E'tab\tand \\ and\nline', 0.1),
                                   ('2026-01-01 00:00:00Z', 10, '', '', 0), ('2026-01-01 00:00:00Z', 9, '\xff', 'x', 1e300))");
  expect_earned_pass(compare_both_ways(R"({"tables": {"t": {}}})"));
}

TEST_F(BenignMigration, PassesWithRenamedColumnsAndAConditionOnEachSide) {
  old_side(R"(CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT, deleted INTEGER, junk TEXT);
              INSERT INTO t VALUES (1, 'a', 0, 'x'), (2, 'b', 1, 'y'), (3, 'c', 0, 'z');)");
  new_side(R"(CREATE TABLE notes (note_id int PRIMARY KEY, content text, tenant int);
              INSERT INTO notes VALUES (1, 'a', 7), (3, 'c', 7), (4, 'other', 8))");
  const Outcome outcome =
      compare_both_ways(R"({"tables": {"t": {"to": "public.notes", "columns": {"id": "note_id", "body": "content"},
      "ignore": ["deleted", "junk"], "where_old": "deleted = 0 -- live ones", "where_new": "tenant = 7"}}})");
  expect_earned_pass(outcome);
  EXPECT_EQ(metric(outcome, "rows_compared"), 2);
  std::vector<std::string> notes;
  for (const auto& finding : outcome.findings) notes.push_back(finding.rule + " " + finding.where[1].second);
  EXPECT_THAT(notes, ::testing::ElementsAre("column-only-new tenant", "column-ignored deleted", "column-ignored junk"));
}

TEST_F(BenignMigration, PassesWithSecondsThatBecameATimestamp) {
  old_side("CREATE TABLE t (id INTEGER PRIMARY KEY, a DATETIME, b INTEGER, c INTEGER)");
  old_side("INSERT INTO t VALUES (1, '2023-11-14 22:13:20', 1700000000, 1700000000), (2, 0, 0, NULL)");
  new_side(R"(CREATE TABLE t (id int PRIMARY KEY, a bigint, b timestamptz, c bigint);
              INSERT INTO t VALUES (1, 1700000000, to_timestamp(1700000000), 1700000000), (2, 0, to_timestamp(0), NULL))");
  expect_earned_pass(compare_both_ways(R"({"tables": {"t": {"types": {"c": "timestamp"}}}})"));
}

}  // namespace
}  // namespace sluice::migration
