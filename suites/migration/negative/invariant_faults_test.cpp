// A migration that breaks what must hold, in ways that counts of rows do not show.
#include "suites/migration/queries/invariant.hpp"
#include "suites/migration/testing/side_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class BrokenInvariant : public SideFixture {
 protected:
  void SetUp() override {
    SideFixture::SetUp();
    old_side(R"(CREATE TABLE costs (id INTEGER PRIMARY KEY, tenant TEXT, amount NUMERIC);
                INSERT INTO costs VALUES (1, 'a', 10), (2, 'a', 20), (3, 'b', 30);)");
    new_side(R"(CREATE TABLE users (id int PRIMARY KEY, tenant text);
                CREATE TABLE costs (id int PRIMARY KEY, tenant text, amount numeric, user_id int);
                INSERT INTO users VALUES (1, 'a'), (2, 'b');
                INSERT INTO costs VALUES (1, 'a', 10, 1), (2, 'a', 20, 1), (3, 'b', 30, 2);)");
  }
  Outcome check() {
    return run(invariant_kind(), R"yaml(
      invariants:
        by-tenant: { equal: "SELECT tenant, count(*) AS n, sum(amount) AS total FROM costs GROUP BY tenant", key: [tenant] }
        same-tenant:
          empty: "SELECT c.id, c.tenant, u.tenant AS of_user FROM costs c JOIN users u ON u.id = c.user_id WHERE u.tenant <> c.tenant"
          violation: "UPDATE costs SET tenant = 'other' WHERE id = (SELECT min(id) FROM costs)")yaml");
  }
};

TEST_F(BrokenInvariant, IsNotReportedOnAGoodMigration) { expect_proven_pass(check()); }

TEST_F(BrokenInvariant, IsCaughtWhenARowMovesToAnotherTenant) {
  new_side("UPDATE costs SET tenant = 'b' WHERE id = 2");
  const Outcome outcome = check();
  expect_found(outcome, {"value-differs by-tenant tenant=a n", "value-differs by-tenant tenant=a total",
                         "value-differs by-tenant tenant=b n", "value-differs by-tenant tenant=b total",
                         "invariant-violated same-tenant new id=2, tenant=b, of_user=a"});
  EXPECT_EQ(outcome.findings[0].old_value, "2");
  EXPECT_EQ(outcome.findings[0].new_value, "1");
  EXPECT_THAT(outcome.findings[0].reproduce, AllOf(HasSubstr("psql "), HasSubstr("sqlite3 -readonly")));
  EXPECT_EQ(outcome.findings_total, 5u);
}

TEST_F(BrokenInvariant, IsCaughtWhenATenantIsLostOrInvented) {
  new_side("UPDATE costs SET tenant = 'c', user_id = NULL WHERE id = 3");
  expect_found(check(), {"result-missing by-tenant tenant=b", "result-extra by-tenant tenant=c"});
}

TEST_F(BrokenInvariant, IsCountedBeyondTheSample) {
  new_side("INSERT INTO costs SELECT i, 'x', 1, 1 FROM generate_series(10, 109) i");
  const Outcome outcome = check();
  EXPECT_EQ(outcome.findings_total, 101u);
  EXPECT_LT(outcome.findings.size(), 25u);
}

}  // namespace
}  // namespace sluice::migration
