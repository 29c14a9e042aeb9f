// Values that are read in a way of their own: zones far in the future, UTF-16, times of day, huge numbers, NUL in keys.
#include "harness/core/errors.hpp"
#include "suites/migration/testing/rows_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class RowsValues : public RowsFixture {};

// PostgreSQL has the same rules from the same tables: it says what each wall clock meant, a different hour every step.
TEST_F(RowsValues, OfZonesAgreeWithTheServerUntilTheYear9999) {
  old_side("CREATE TABLE t (id INTEGER PRIMARY KEY, berlin TEXT, york TEXT, lord TEXT, plain TEXT)");
  new_side(
      "CREATE TABLE t (id int PRIMARY KEY, berlin timestamptz, york timestamptz, lord timestamptz, plain timestamptz)");
  const std::string wall = "timestamp '1975-01-01 00:30:00' + i * interval '2 years 113 days 7 hours'";
  new_side("INSERT INTO t SELECT i, (" + wall + ") AT TIME ZONE 'Europe/Berlin', (" + wall +
           ") AT TIME ZONE 'America/New_York', (" + wall + ") AT TIME ZONE 'Australia/Lord_Howe', (" + wall +
           ") AT TIME ZONE 'UTC' FROM generate_series(0, 3470) i");
  const auto walls = cluster().query(
      "SELECT to_char(" + wall + ", 'YYYY-MM-DD HH24:MI:SS') FROM generate_series(0, 3470) i", database());
  EXPECT_THAT(walls.back(), ::testing::StartsWith("99"));
  std::string rows;
  for (std::size_t i = 0; i < walls.size(); ++i) {
    const std::string text = "'" + walls[i] + "'";
    rows += (i == 0 ? "(" : ", (") + std::to_string(i) + ", " + text + ", " + text + ", " + text + ", " + text + ")";
  }
  old_side("INSERT INTO t VALUES " + rows);
  const Outcome outcome = compare_both_ways(R"({"tables": {"t": {"zone": "Europe/Berlin", "zones": {
      "york": "America/New_York", "lord": "Australia/Lord_Howe", "plain": "UTC"}}}})");
  // What a zone skipped or had twice has no one answer; the server takes one.
  const double changed = metric(outcome, "cells_changed");
  EXPECT_LE(changed, 20) << ::testing::PrintToString(lines(outcome));
  EXPECT_EQ(metric(outcome, "t.plain.cells_changed"), 0);
  double without_answer = 0;
  for (const auto& finding : outcome.findings) {
    if (finding.rule == "row-hazard") without_answer += static_cast<double>(finding.occurrences);
  }
  EXPECT_EQ(changed, without_answer);
}

TEST_F(RowsValues, OfTimesWithAnOffsetAreMoments) {
  old_side("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TIME)");
  new_side("CREATE TABLE t (id int PRIMARY KEY, a timetz, b timetz)");
  old_side("INSERT INTO t VALUES (1, '12:00:00+00', '12:00'), (2, '23:30-02:00', '24:00'), (3, '12:00', '01:00+02')");
  new_side("INSERT INTO t VALUES (1, '14:00+02', '06:30-05:30'), (2, '22:30-03', '24:00+00'), (3, '12:00Z', '23:00Z')");
  // An hour before midnight is not the same hour of the day after.
  expect_findings(compare_both_ways(R"({"tables": {"t": {}}})"), {"row-changed t id=3 b"});
}

TEST_F(RowsValues, OfTimesWithAnOffsetMayBeKeys) {
  old_side("CREATE TABLE t (a TEXT PRIMARY KEY, n INTEGER)");
  new_side("CREATE TABLE t (a timetz PRIMARY KEY, n int)");
  old_side("INSERT INTO t VALUES ('09:00', 1), ('00:30+02', 2), ('23:00-03', 3), ('10:00:00.5+01:00', 4)");
  new_side("INSERT INTO t VALUES ('11:00+02', 1), ('00:30+02', 2), ('23:00-03', 3), ('09:00:00.5+00', 5)");
  expect_findings(compare_both_ways(R"({"tables": {"t": {}}})"), {"row-changed t a=10:00:00.5+01:00 n"});
  new_side("INSERT INTO t VALUES ('09:00+00', 6)");
  EXPECT_THAT(compare_error<InputError>(R"({"tables": {"t": {}}})"), HasSubstr("is not unique"));
}

// The ends of what PostgreSQL has, which stand for "for ever" in many systems.
TEST_F(RowsValues, OfTheLastYearsMayBeKeys) {
  for (const char* type : {"date", "timestamptz"}) {
    const std::string declared = type, table = declared == "date" ? "d" : "t";
    const std::string last = declared == "date" ? "5874897-12-31" : "294246-12-31 23:59:59.999999+00";
    const std::string rows = " VALUES ('infinity', 1), ('" + last + "', 2), ('9999-12-31', 3), ('-infinity', 4)";
    old_side("CREATE TABLE " + table + " (k TEXT PRIMARY KEY, v INTEGER); INSERT INTO " + table + rows);
    new_side("CREATE TABLE " + table + " (k " + declared + " PRIMARY KEY, v int); INSERT INTO " + table + rows);
    const std::string tables = R"({"tables": {")" + table + R"(": {}}})";
    expect_earned_pass(compare_both_ways(tables));
    new_side("UPDATE " + table + " SET v = 0 WHERE v = 2");
    expect_findings(compare_both_ways(tables), {"row-changed " + table + " k=" + last + " v"});
  }
}

// KOI8-R has its letters in an order that UTF-8 does not have.
TEST_F(RowsValues, OfADatabaseThatIsNotInUtf8AreSortedAsTheyAreCompared) {
  const std::string other = database() + "_koi8";
  cluster().execute("CREATE DATABASE " + other + " ENCODING 'KOI8R' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
  const std::string rows = R"(INSERT INTO t SELECT convert_from(decode(h, 'hex'), 'UTF8'), v
    FROM (VALUES ('d18e', 1), ('d0b0', 2), ('d091', 3), ('7a', 4), ('d18a', 5)) AS x(h, v))";
  const std::string create = "CREATE TABLE t (k text PRIMARY KEY, v int); ";
  cluster().execute(create + rows, other);
  new_side(create + rows);
  context().stores["old"] = cluster().url(other);
  expect_earned_pass(compare_both_ways(R"({"tables": {"t": {}}})"));
  expect_earned_pass(compare_both_ways(R"({"tables": {"t": {"types": {"k": "character"}}}})"));
  new_side("UPDATE t SET v = 0 WHERE v = 3; DELETE FROM t WHERE v = 1");
  expect_findings(compare_both_ways(R"({"tables": {"t": {}}})"), {"row-changed t k=Б v", "row-missing t k=ю"});
}

TEST_F(RowsValues, OfAFileInUtf16AreSortedAndCompared) {
  for (const char* encoding : {"UTF-16le", "UTF-16be"}) {
    const std::string name = std::string(encoding) + ".db";
    const testing::SqliteFile file(folder().path() / name);
    file.execute(std::string("PRAGMA encoding = '") + encoding +
                 "'; CREATE TABLE t (k TEXT PRIMARY KEY, s TEXT);"
                 "INSERT INTO t VALUES ('a', 'ä'), ('é', '\U0001F600'), ('\U0001F600', 'x'), ('\uFFEE', 'y'), ('Z', "
                 "''), ('', 'z')");
    context().stores["old"] = file.url();
    new_side(
        "DROP TABLE IF EXISTS t; CREATE TABLE t (k text PRIMARY KEY, s text);"
        "INSERT INTO t VALUES ('a', 'ä'), ('é', '\U0001F600'), ('\U0001F600', 'x'), ('\uFFEE', 'y'), ('Z', ''), ('', "
        "'z')");
    const Outcome outcome = compare_both_ways(R"({"tables": {"t": {}}})");
    expect_earned_pass(outcome);
    EXPECT_EQ(metric(outcome, "rows_compared"), 6);
    new_side("UPDATE t SET s = '\U0001F601' WHERE k = 'é'");
    expect_findings(compare_both_ways(R"({"tables": {"t": {}}})"), {"row-changed t k=é s"});
  }
}

TEST_F(RowsValues, OfTimesOfDayAreReadAsSuch) {
  old_side(R"(CREATE TABLE t (at TIME PRIMARY KEY, a TIME, b TEXT);
              INSERT INTO t VALUES ('09:00', '12:00', '23:59:59.500000'), ('24:00:00', NULL, '00:00'), ('08:00', '12:00:00', '12:00');)");
  new_side(R"(CREATE TABLE t (at time PRIMARY KEY, a time, b time);
              INSERT INTO t VALUES ('09:00', '12:00:00.000', '23:59:59.5'), ('24:00', NULL, '00:00:00'), ('08:00', '12:00', '12:00'))");
  expect_earned_pass(compare_both_ways(R"({"tables": {"t": {}}})"));
  new_side("UPDATE t SET a = '12:00:00.000001' WHERE at = '08:00'; UPDATE t SET b = '24:00' WHERE at = '24:00'");
  expect_findings(compare_both_ways(R"({"tables": {"t": {}}})"),
                  {"row-changed t at=08:00 a", "row-changed t at=24:00:00 b"});
}

TEST_F(RowsValues, OfJsonMayBeBeyondEveryDouble) {
  old_side(R"(CREATE TABLE t (id INTEGER PRIMARY KEY, j TEXT, k JSON);
              INSERT INTO t VALUES (1, '{"a": 1e400, "b": -1E-390}', '{"a": 1e400}'), (2, '1e400', '[1e400]'))");
  new_side(R"(CREATE TABLE t (id int PRIMARY KEY, j jsonb, k jsonb);
              INSERT INTO t VALUES (1, '{"b": -1e-390, "a": 10e399}', '{"a": 1e400}'), (2, '1e400', '[1e400]'))");
  expect_earned_pass(compare_both_ways(R"({"tables": {"t": {}}})"));
  new_side(R"(UPDATE t SET j = '{"b": -1e-390, "a": 1e401}' WHERE id = 1; UPDATE t SET j = '1e401' WHERE id = 2)");
  expect_findings(compare_both_ways(R"({"tables": {"t": {}}})"), {"row-changed t id=1 j", "row-changed t id=2 j"});
  // A bare number in a column of numeric affinity is infinity before anybody migrates it.
  old_side("UPDATE t SET k = '1e400' WHERE id = 2");
  EXPECT_THAT(lines(compare_both_ways(R"({"tables": {"t": {}}})")), ::testing::Contains("row-hazard t id=2 k"));
}

TEST_F(RowsValues, WithANulInTheKeyGetNoStatementThatShowsAnotherRow) {
  old_side("CREATE TABLE t (k TEXT PRIMARY KEY); INSERT INTO t VALUES ('a'), ('a' || char(0) || 'b')");
  new_side("CREATE TABLE t (k text PRIMARY KEY); INSERT INTO t VALUES ('a')");
  const Outcome outcome = compare_both_ways(R"({"tables": {"t": {}}})");
  expect_findings(outcome, {"row-missing t k=a\\x00b", "row-hazard t k=a\\x00b k"});
  EXPECT_THAT(outcome.findings[0].reproduce,
              AllOf(HasSubstr("CAST(x'610062' AS TEXT)"), HasSubstr("new: no statement"), Not(HasSubstr("= 'a'"))));
}

}  // namespace
}  // namespace sluice::migration
