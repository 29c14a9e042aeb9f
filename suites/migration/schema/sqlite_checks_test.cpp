#include "suites/migration/schema/sqlite_checks.hpp"

#include <gmock/gmock.h>

namespace sluice::migration {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SqliteChecks, AreThoseOfColumnsAndOfTheTable) {
  EXPECT_THAT(
      check_expressions("CREATE TABLE t (a INTEGER check (a > 0), b TEXT, CONSTRAINT c CHECK(a < (b + 1) * 2))"),
      ElementsAre("a > 0", "a < ( b + 1 ) * 2"));
}

TEST(SqliteChecks, AreNotInTextsNamesAndComments) {
  EXPECT_THAT(
      check_expressions("CREATE TABLE \"check (\" (a TEXT DEFAULT 'it''s check (1)', [check] INT, -- check (2)\n"
                        "  `check` INT /* check (3) */, check_it INT, b INT CHECK (b <> ')'))"),
      ElementsAre("b < > ')'"));
  EXPECT_THAT(check_expressions("CREATE VIRTUAL TABLE t USING fts5 (a)"), IsEmpty());
  EXPECT_THAT(check_expressions(""), IsEmpty());
}

TEST(SqliteChecks, ThatAreCutOffEndTheReading) {
  EXPECT_THAT(check_expressions("CREATE TABLE t (a CHECK (a > 'x"), IsEmpty());
}

TEST(SqliteChecks, HaveWords) {
  EXPECT_THAT(words_of("Length(\"User Name\") > 1 AND [b] <> 'c' -- d"),
              ElementsAre("length", "user name", "1", "and", "b"));
}

}  // namespace
}  // namespace sluice::migration
