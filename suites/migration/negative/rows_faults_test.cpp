// A migration from SQLite to PostgreSQL with one planted fault each: every fault must be caught with its key and
// column.
#include <fmt/core.h>

#include "suites/migration/testing/rows_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class FaultyMigration : public RowsFixture {
 protected:
  void SetUp() override {
    RowsFixture::SetUp();
    old_side(R"(
      CREATE TABLE captures (id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, user_text TEXT, meta TEXT, created TEXT,
                             amount NUMERIC, serial INTEGER);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
      INSERT INTO captures SELECT i, 'tenant' || (i % 3), 'text ' || i || ' ',
        CASE WHEN i % 10 = 0 THEN NULL ELSE '{"n": ' || i || '}' END,
        strftime('%Y-%m-%d %H:%M:%S', 1700000000 + i * 3600, 'unixepoch'), i * 0.25, 9007199254740993 + i * 2 FROM n;
    )");
    new_side(R"(
      CREATE TABLE captures (id bigint PRIMARY KEY, tenant text NOT NULL, user_text text, meta jsonb,
                             created timestamptz, amount numeric(12,4), serial bigint);
    )");
  }
  Outcome compare_captures() { return compare_both_ways(R"({"tables": {"captures": {}}})"); }
  static bool is(const CopiedRow& row, int id) { return row.at("id") == std::to_string(id); }
};

TEST_F(FaultyMigration, PassesWithoutAFault) {
  copy("captures");
  const Outcome outcome = compare_captures();
  expect_earned_pass(outcome);
  EXPECT_EQ(metric(outcome, "rows_compared"), 500);
  EXPECT_EQ(metric(outcome, "captures.meta.cells_changed"), 0);
  EXPECT_EQ(outcome.coverage.front().unit, "rows");
  EXPECT_EQ(outcome.coverage.front().examined, 500u);
}

TEST_F(FaultyMigration, IsCaughtAlteringOneCell) {
  copy("captures", [](CopiedRow& row) {
    if (is(row, 371)) row["user_text"] = "text 37l ";
    return true;
  });
  const Outcome outcome = compare_captures();
  expect_findings(outcome, {"row-changed captures id=371 user_text"});
  EXPECT_EQ(outcome.findings[0].old_value, "text 371 ");
  EXPECT_EQ(outcome.findings[0].new_value, "text 37l ");
  EXPECT_THAT(outcome.findings[0].reproduce,
              AllOf(HasSubstr(R"(SELECT * FROM "captures" WHERE "id" IS 371;)"),
                    HasSubstr(R"(SELECT * FROM public.captures WHERE "id" = '371'::bigint;)")));
  EXPECT_EQ(metric(outcome, "captures.user_text.cells_changed"), 1);
}

TEST_F(FaultyMigration, IsCaughtDroppingTheLastBatch) {
  copy("captures", [](CopiedRow& row) { return std::stoi(*row["id"]) <= 400; });
  const Outcome outcome = compare_captures();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_EQ(outcome.findings_total, 100u);
  EXPECT_EQ(metric(outcome, "rows_missing"), 100);
  EXPECT_EQ(lines(outcome).size(), 20u);
  EXPECT_EQ(lines(outcome).front(), "row-missing captures id=401");
}

TEST_F(FaultyMigration, IsCaughtTurningNullIntoAnEmptyObject) {
  copy("captures", [](CopiedRow& row) {
    if (is(row, 40)) row["meta"] = "{}";
    return true;
  });
  const Outcome outcome = compare_captures();
  expect_findings(outcome, {"row-changed captures id=40 meta"});
  EXPECT_EQ(outcome.findings[0].old_value, "NULL");
  EXPECT_EQ(outcome.findings[0].new_value, "{}");
}

TEST_F(FaultyMigration, IsCaughtSwappingTwoRows) {
  copy("captures", [](CopiedRow& row) {
    if (is(row, 100))
      row["id"] = "103";
    else if (is(row, 103))
      row["id"] = "100";
    return true;
  });
  expect_findings(compare_captures(), {"row-changed captures id=100 user_text", "row-changed captures id=100 meta",
                                       "row-changed captures id=100 created", "row-changed captures id=100 amount",
                                       "row-changed captures id=100 serial", "row-changed captures id=103 user_text",
                                       "row-changed captures id=103 meta", "row-changed captures id=103 created",
                                       "row-changed captures id=103 amount", "row-changed captures id=103 serial"});
}

TEST_F(FaultyMigration, IsCaughtTrimmingText) {
  copy("captures", [](CopiedRow& row) {
    if (is(row, 7)) row["user_text"] = "text 7";
    return true;
  });
  expect_findings(compare_captures(), {"row-changed captures id=7 user_text"});
}

TEST_F(FaultyMigration, IsCaughtShiftingTimesByAZone) {
  copy("captures", [](CopiedRow& row) {
    *row["created"] += "+01";
    return true;
  });
  const Outcome outcome = compare_captures();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_EQ(metric(outcome, "captures.created.cells_changed"), 500);
  EXPECT_EQ(metric(outcome, "cells_changed"), 500);
  EXPECT_EQ(lines(outcome).front(), "row-changed captures id=1 created");
}

TEST_F(FaultyMigration, IsCaughtSendingABigIntegerThroughADouble) {
  copy("captures", [](CopiedRow& row) {
    if (is(row, 2)) row["serial"] = fmt::format("{:.0f}", static_cast<double>(std::stoll(*row["serial"])));
    return true;
  });
  const Outcome outcome = compare_captures();
  expect_findings(outcome, {"row-changed captures id=2 serial"});
  EXPECT_EQ(outcome.findings[0].old_value, "9007199254740997");
}

TEST_F(FaultyMigration, IsCaughtAddingARow) {
  copy("captures");
  new_side("INSERT INTO captures (id, tenant) VALUES (9999, 'tenant0')");
  const Outcome outcome = compare_captures();
  expect_findings(outcome, {"row-extra captures id=9999"});
  EXPECT_EQ(outcome.findings[0].old_value, std::nullopt);
}

TEST_F(FaultyMigration, KeepsTheWholeBigIntegerInADoubleColumnApart) {
  new_side("ALTER TABLE captures ALTER COLUMN serial TYPE double precision");
  copy("captures");
  const Outcome outcome = compare_captures();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_EQ(metric(outcome, "captures.serial.cells_changed"), 500);
}

}  // namespace
}  // namespace sluice::migration
