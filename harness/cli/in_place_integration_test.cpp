// A migration that changes the one database there is, judged against a copy of it from before: the whole program with a
// PostgreSQL of its own, an action that alters and backfills a table, and the gate.
#include <gmock/gmock.h>

#include "harness/cli/testing/sluice_process.hpp"

namespace sluice {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* seed_sql = R"(
CREATE TABLE accounts (id bigint PRIMARY KEY, owner text NOT NULL, cents bigint NOT NULL, note text);
INSERT INTO accounts SELECT i, 'owner ' || i, i * 10, CASE WHEN i % 3 = 0 THEN 'note ' || i END
  FROM generate_series(1, 2000) AS i;
)";

constexpr const char* migrate_sql = R"(
BEGIN;
ALTER TABLE accounts ADD COLUMN currency text, ADD COLUMN amount numeric(20, 2);
UPDATE accounts SET currency = 'EUR', amount = cents / 100.0;
ALTER TABLE accounts ALTER COLUMN currency SET NOT NULL;
COMMIT;
)";

constexpr const char* plan_text = R"(sluice: 1
name: in place
services:
  postgres: { kind: postgres, databases: [app] }
stores: { new: "${postgres.url}/app", before: { clone: new } }
actions:
  seed:    { command: [psql, -qX, -v, ON_ERROR_STOP=1, -f, "${plan.dir}/seed.sql", "${postgres.url}/app"] }
  migrate: { command: [psql, -qX, -v, ON_ERROR_STOP=1, -f, "${plan.dir}/migrate.sql", "${postgres.url}/app"] }
checks:
  kept:
    kind: migration.rows
    old: before
    tables:
      accounts:
        expressions: { amount: { old: "cents / 100.0" }, currency: { old: "'EUR'" } }
  seeded:
    kind: migration.invariant
    invariants:
      filled: { empty: "SELECT 1 WHERE NOT EXISTS (SELECT FROM accounts) ", violation: [DELETE FROM accounts] }
phases:
  - { name: filled, enter: [seed], after: [seeded] }
  - { name: data, needs: [filled], enter: [migrate], after: [kept] }
)";

class InPlaceTest : public cli::testing::SluiceProcess {
 protected:
  int run_migration(const std::string& migrate) {
    folder_.write("seed.sql", seed_sql);
    folder_.write("migrate.sql", migrate);
    return run(plan_text, {"--phase", "data"});
  }
  /// The findings of `kept` but information, in one line each: "row-changed accounts id=7 note".
  std::vector<std::string> findings() const {
    std::vector<std::string> all;
    const auto whole = report();
    for (const auto& phase : whole.at("phases")) {
      for (const auto& check : phase.at("checks")) {
        for (const auto& finding : check.at("outcome").at("findings")) {
          if (finding.at("severity") == "info") continue;
          std::string line = finding.at("rule");
          for (const auto& place : finding.at("where")) line += " " + place.at("value").get<std::string>();
          all.push_back(std::move(line));
        }
      }
    }
    return all;
  }
};

TEST_F(InPlaceTest, AHealthyBackfillIsAGo) {
  EXPECT_EQ(run_migration(migrate_sql), 0) << output();
  EXPECT_THAT(output(), HasSubstr("2000 rows of 1 tables are equal in every compared column"));
  EXPECT_TRUE(findings().empty());
}

TEST_F(InPlaceTest, ABackfillThatDamagesAnotherCellIsANoGoThatNamesIt) {
  EXPECT_EQ(run_migration(with(migrate_sql, "COMMIT;", "UPDATE accounts SET note = '' WHERE id = 1234; COMMIT;")), 1)
      << output();
  EXPECT_THAT(findings(), ::testing::ElementsAre("row-changed accounts id=1234 note"));
  EXPECT_THAT(output(), HasSubstr("1234"));
}

TEST_F(InPlaceTest, ABackfillThatForgetsOrComputesWronglyIsANoGo) {
  EXPECT_EQ(run_migration(with(migrate_sql, "COMMIT;",
                               "UPDATE accounts SET amount = cents / 100 WHERE id = 7; "
                               "UPDATE accounts SET currency = 'USD' WHERE id = 8; "
                               "DELETE FROM accounts WHERE id = 9; COMMIT;")),
            1)
      << output();
  EXPECT_THAT(findings(),
              ::testing::UnorderedElementsAre("row-changed accounts id=7 amount", "row-changed accounts id=8 currency",
                                              "row-missing accounts id=9"));
}

}  // namespace
}  // namespace sluice
