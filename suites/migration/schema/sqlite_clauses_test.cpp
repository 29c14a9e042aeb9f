#include "suites/migration/schema/sqlite_clauses.hpp"

#include <gtest/gtest.h>

#include <random>

namespace sluice::migration {
namespace {

TEST(SqliteClauses, AreThoseThatNoPragmaTells) {
  EXPECT_EQ(sqlite_clauses(
                "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a INT CHECK (a > 0), b TEXT COLLATE NOCASE)"),
            "a check ( a > 0 ); b collate nocase; id autoincrement");
  EXPECT_EQ(sqlite_clauses("CREATE TABLE t (a INT, b INT GENERATED ALWAYS AS (a + 1) STORED, c AS (max(a, (b))))"),
            "b as ( a + 1 ); c as ( max ( a , ( b ) ) )");
  EXPECT_EQ(sqlite_clauses("CREATE TABLE t (a REFERENCES u DEFERRABLE INITIALLY DEFERRED, CHECK (a <> 'x, y)'), "
                           "UNIQUE (a) ON CONFLICT REPLACE) STRICT, WITHOUT ROWID"),
            "a deferrable initially deferred; check ( a < > 'x, y)' ); on conflict replace; rowid; strict; without");
  EXPECT_EQ(sqlite_clauses("CREATE VIRTUAL TABLE f USING fts5(body, tokenize = 'porter')"),
            "using fts5 ( body , tokenize = 'porter' )");
  EXPECT_EQ(sqlite_clauses("CREATE TABLE t (a, b TEXT NOT NULL DEFAULT 'check (no)')"), "");
}

TEST(SqliteClauses, DoNotDependOnHowTheyAreWritten) {
  EXPECT_EQ(
      sqlite_clauses("create table \"T\"(\"A\" int check(\"A\">0)/* why */,[b c] text collate nocase)"),
      sqlite_clauses("CREATE TABLE T (\n [b c] TEXT COLLATE NoCase, -- a name with a blank\n a INT CHECK ( a > 0 ))"));
  EXPECT_NE(sqlite_clauses("CREATE TABLE t (a CHECK (a <> 'A'))"),
            sqlite_clauses("CREATE TABLE t (a CHECK (a <> 'a'))"));
}

TEST(SqliteClauses, ReadWhateverIsThere) {
  const std::string sql =
      "CREATE TABLE t (a CHECK (a > 'it''s' || \"b\"), `c` COLLATE [x], UNIQUE (a) ON CONFLICT FAIL) STRICT";
  for (std::size_t size = 0; size <= sql.size(); ++size) sqlite_clauses(std::string_view(sql).substr(0, size));
  std::mt19937 random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string broken = sql;
    for (int times = 0; times < 4; ++times) broken[random() % broken.size()] = sql[random() % sql.size()];
    sqlite_clauses(broken);
  }
  EXPECT_EQ(sqlite_clauses(""), "");
  EXPECT_EQ(sqlite_clauses("("), "");
  EXPECT_EQ(sqlite_clauses("t (a collate"), "a collate");
}

}  // namespace
}  // namespace sluice::migration
