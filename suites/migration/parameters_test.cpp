#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/plan/loader.hpp"
#include "suites/migration/suite.hpp"

namespace sluice::migration {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// What the loader says to a check with these parameters, which stand in line 6 from column 8 on.
std::string problems_of(const std::string& parameters) {
  const std::string text =
      "sluice: 1\nname: x\nstores: { old: \"sqlite:a.db\", new: \"sqlite:b.db\" }\n"
      "actions: { seed: { command: [true] }, back: { command: [true] } }\nchecks:\n  c: " +
      ("{ " + parameters) + " }\nphases: [ { name: p, enter: [seed], after: [c] } ]\n";
  try {
    plan::parse_plan(text, "/plan.yaml", kinds());
  } catch (const plan::PlanError& error) {
    return error.what();
  }
  return "";
}

// "MESSAGE" at the first `shown` in the line.
::testing::Matcher<std::string> at(const std::string& shown, const std::string& parameters,
                                   const std::string& message) {
  const auto column = std::string("  c: { ").size() + parameters.find(shown) + 1;
  return AllOf(StartsWith("/plan.yaml:6:" + std::to_string(column) + ": checks 'c'"), HasSubstr(message));
}

void expect_problem(const std::string& parameters, const std::string& shown, const std::string& message) {
  EXPECT_THAT(problems_of(parameters), at(shown, parameters, message)) << parameters;
}

void expect_table_problem(const std::string& table, const std::string& shown, const std::string& message) {
  expect_problem("kind: migration.rows, tables: { users: { " + table + " } }", shown, message);
}

TEST(MigrationParameters, NameActionsOfThePlan) {
  const std::string unknown = "no action is called 'sed'; did you mean 'seed'?";
  for (const char* kind : {"crash", "idempotent", "locks"})
    expect_problem(std::string("kind: migration.") + kind + ", action: sed", "sed", unknown);
  expect_problem("kind: migration.rollback, up: sed, down: back", "sed", unknown);
  expect_problem("kind: migration.rollback, up: seed, down: nothing", "nothing", "no action is called 'nothing'");
  EXPECT_EQ(problems_of("kind: migration.rollback, up: seed, down: back"), "");
}

TEST(MigrationParameters, NameActionsInTheRouteOfWrites) {
  const std::string check =
      "kind: migration.live_writes, write: { path: \"/{nonce}\" }, find: { table: t, column: n }, route: ";
  EXPECT_THAT(problems_of(check + "[old, { to: new, from: sed }]"),
              HasSubstr("checks 'c', route, from: no action is called 'sed'; did you mean 'seed'?"));
  EXPECT_THAT(problems_of(check + "[old, new]"),
              HasSubstr("checks 'c', route: every entry but the first has `from: ACTION` or `after: ACTION`"));
}

TEST(MigrationParameters, OfCrashArePoints) {
  const std::string crash = "kind: migration.crash, action: seed, ";
  expect_problem(crash + "points: banana", "banana", "points: 'banana' is neither a number from 1 to 1000000 nor all");
  expect_problem(crash + "points: 0", "0", "points: '0' is neither");
  expect_problem(crash + "only: [\"37 commit\", \"x\"]", "\"x\"", "only: 'x' is not a point");
  expect_problem(crash + "only: x y", "x y", "only: 'x y' is not a point");
  EXPECT_EQ(problems_of(crash + "points: all, only: [\"37 commit\"]"), "");
}

TEST(MigrationParameters, OfInvariantsAskOneThing) {
  const std::string invariant = "kind: migration.invariant, invariants: ";
  expect_problem(invariant + "{ q: {} }", "{} }", "invariants 'q': write either `empty: SQL` or `equal: SQL`");
  expect_problem(invariant + "{ r: { empty: select 1, equal: { old: select 1 } } }", "{ empty",
                 "invariants 'r': write either `empty: SQL` or `equal: SQL`");
  expect_problem(invariant + "{ r: { equal: { old: select 1 } } }", "{ equal",
                 "write `equal: SQL` for both sides, or `equal: { old: SQL, new: SQL }`");
  expect_problem(invariant + "{ r: { empty: select 1, key: [a] } }", "{ empty", "belong to `equal`");
  expect_problem(invariant + "{ r: { equal: select 1, violation: delete } }", "{ equal", "belongs to `empty`");
  expect_problem(invariant + "{ r: { equal: select 1, zone: Mars/Base } }", "Mars/Base", "Mars/Base");
  EXPECT_EQ(problems_of(invariant + "{ q: { empty: select 1 }, r: { equal: { old: select 1, new: select 1 } } }"), "");
}

TEST(MigrationParameters, OfRowsFitTogether) {
  expect_table_problem("zone: Mars/Base", "Mars/Base", "tables 'users', zone: ");
  expect_table_problem("zones: { at: Mars/Base }", "Mars/Base", "tables 'users', zones 'at': ");
  expect_table_problem("tolerance: { name: -1 }", "-1",
                       "tables 'users', tolerance 'name': the tolerance '-1' tolerates");
  expect_table_problem("key: [id], multiset: true", "true", "tables 'users', multiset: `multiset` counts rows");
  expect_table_problem("ids: { id: nomap }", "nomap", "tables 'users', ids 'id': `id_maps` has no id map 'nomap'");
  EXPECT_EQ(
      problems_of("kind: migration.rows, tables: { users: { zone: UTC, tolerance: { name: 1% }, ids: { id: m } } }, "
                  "id_maps: { m: { kind: table, table: t, old: a, new: b } }"),
      "");
}

TEST(MigrationParameters, OfRowsCompareNoTableWithItself) {
  expect_problem("kind: migration.rows, tables: { users: {} }, old: new, new: new", "{} }",
                 "tables 'users': is compared with itself, as `old` and `new` are both the store 'new'");
  EXPECT_EQ(problems_of("kind: migration.rows, tables: { users: { to: users2 } }, old: new"), "");
  EXPECT_EQ(problems_of("kind: migration.rows, tables: { users: { where_old: a = 1, where_new: a = 2 } }, old: new"),
            "");
}

TEST(MigrationParameters, OfSchemaSayWhatChanged) {
  const std::string schema = "kind: migration.schema, ";
  expect_problem(schema + "expected: nofile.json", "nofile.json", "expected: there is no file /nofile.json");
  expect_problem(schema + "changes: [{ renamed: table x }], diff: true", "{ renamed", "changes: `to` is missing");
  expect_problem(schema + "changes: [{ retyped: x, to: y }], diff: true", "x, to",
                 "changes, retyped: an object is a kind");
  expect_problem(schema + "changes: [{ to: y }], diff: true", "{ to", "changes: write one of renamed, added");
  expect_problem(schema + "changes: [{ renamed: table x, to: y }]", "[{", "set `diff: true`");
  expect_problem(schema + "diff: true, side: old", "old", "`diff` looks at the new side");
  EXPECT_EQ(problems_of(schema + "changes: [{ renamed: table x, to: y }], diff: true"), "");
}

TEST(MigrationParameters, OfRowsNameTheTablesThatMayBeEmpty) {
  const std::string rows = "kind: migration.rows, tables: { users: {}, posts: {} }, allow_empty: ";
  for (const char* const allowed : {"true", "false", "users", "[posts, users]", "[]"})
    EXPECT_EQ(problems_of(rows + allowed), "") << allowed;
  expect_problem(rows + "[users, usres]", "usres", "allow_empty: 'usres' is none of the check's `tables`");
  expect_problem(rows + "[users, true]", "true]", "allow_empty: 'true' is none of the check's `tables`");
}

TEST(MigrationParameters, OfSchemaIgnoreWhatCanBeReported) {
  const std::string schema = "kind: migration.schema, ignore: ";
  for (const char* const rule :
       {"type-differs", "nullability-differs", "row-security-forced-differs", "body-md5-differs",
        "large-objects-differ", "collation-version-differs", "column-extra", "index-missing"})
    EXPECT_EQ(problems_of(schema + "[\"" + rule + " x*\"]"), "") << rule;
  expect_problem(schema + "[\"table t\", \"colour-differs x\"]", "\"colour-differs x\"",
                 "colour-differs is neither a kind of object");
  expect_problem(schema + "nullable-differs x", "nullable-differs x", "did you mean nullability-differs");
  expect_problem(schema + "captures", "captures", "must be a kind or a rule, a blank and a name");
}

TEST(MigrationParameters, OfLiveWritesDeleteOnlyWithARequestForIt) {
  const std::string writes =
      "kind: migration.live_writes, write: { path: \"/{nonce}\" }, find: { table: t, column: n }, route: [old], ";
  expect_problem(writes + "delete_share: 0.2", "0.2", "delete_share: nothing is deleted: write the request `delete`");
  expect_problem(writes + "deletes_min: 3", "3", "deletes_min: nothing is deleted: write the request `delete`");
  EXPECT_EQ(problems_of(writes + "delete: { path: \"/{id}\" }, delete_share: 0.2, deletes_min: 3"), "");
}

TEST(MigrationParameters, OfStatusSayWhenAStepIsCompleted) {
  const std::string status = "kind: migration.status, table: t, key: k";
  EXPECT_THAT(problems_of(status), StartsWith("/plan.yaml:6:6: checks 'c': nothing says when a step is completed"));
  expect_problem(status + ", status: s, since_start: true", "true", "`since_start` needs");
  expect_problem(status + ", status: s, zone: Mars/Base", "Mars/Base", "Mars/Base");
  EXPECT_EQ(problems_of(status + ", expect: [a]"), "");
}

TEST(MigrationParameters, AreReportedAllAtOnce) {
  const std::string all = problems_of(
      "kind: migration.rows, tables: { a: { zone: Mars/Base, tolerance: { b: -1 } }, b: { key: [id], multiset: true } "
      "}");
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 2) << all;
}

}  // namespace
}  // namespace sluice::migration
