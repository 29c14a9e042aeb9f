// Schemas that hold the right rows and break at the next write, the next query or the next crash.
#include "suites/migration/schema/schema.hpp"
#include "suites/migration/testing/side_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* schema_sql = R"sql(
  CREATE TABLE users (id serial PRIMARY KEY, tenant text NOT NULL);
  CREATE TABLE captures (id bigserial PRIMARY KEY, user_id int REFERENCES users (id), body text NOT NULL,
                         author int, CONSTRAINT has_body CHECK (body <> ''));
  CREATE INDEX captures_user ON captures (user_id);
  INSERT INTO users (tenant) VALUES ('a'), ('b');
  INSERT INTO captures (user_id, body, author) SELECT 1 + i % 2, 'x', 1 FROM generate_series(1, 10) i)sql";

class BrokenSchema : public SideFixture {
 protected:
  void SetUp() override {
    SideFixture::SetUp();
    cluster().execute("CREATE DATABASE old_" + database());
    cluster().execute(schema_sql, "old_" + database());
    context().stores["old"] = cluster().url("old_" + database());
    new_side(schema_sql);
  }
  Outcome check(const std::string& parameters = "{ diff: true, references: { captures.author: users.id } }") {
    return run(schema_kind(), parameters);
  }
};

TEST_F(BrokenSchema, IsNotReportedOnAGoodMigration) { expect_proven_pass(check()); }

TEST_F(BrokenSchema, IsCaughtWithASequenceBehind) {
  new_side("SELECT setval('captures_id_seq', 9)");
  const Outcome outcome = check();
  expect_found(outcome, {"sequence-behind sequence captures.id"});
  EXPECT_EQ(outcome.findings[0].new_value, "10");
  EXPECT_THAT(outcome.findings[0].reproduce, AllOf(HasSubstr("psql "), HasSubstr("captures_id_seq")));
  new_side("SELECT setval('captures_id_seq', 10)");
  expect_proven_pass(check());
  new_side("SELECT setval('captures_id_seq', 10, false)");
  expect_found(check(), {"sequence-behind sequence captures.id"});
}

TEST_F(BrokenSchema, IsCaughtWithASharedSequenceThatIsOnlyADefault) {
  new_side(
      "CREATE SEQUENCE shared; ALTER TABLE captures ALTER id SET DEFAULT nextval('shared');"
      "ALTER SEQUENCE captures_id_seq OWNED BY NONE");
  expect_found(check("{}"), {"sequence-behind sequence captures.id"});
}

TEST_F(BrokenSchema, IsCaughtWithAPolicyThatIsNotApplied) {
  for (const char* const side : {"old", "new"}) {
    cluster().execute("CREATE POLICY own ON users USING (tenant = current_user)",
                      (*side == 'o' ? "old_" : "") + database());
  }
  expect_found(check(), {"policy-without-row-security policy users.own"});
  expect_proven_pass(check("{ diff: true, ignore: ['policy-without-row-security users.*'] }"));
  new_side("ALTER TABLE users ENABLE ROW LEVEL SECURITY");
  expect_proven_pass(check("{}"));
}

TEST_F(BrokenSchema, WarnsOfASequenceNearItsEnd) {
  new_side("INSERT INTO users VALUES (2100000000, 'c'); SELECT setval('users_id_seq', 2100000000)");
  const Outcome outcome = check();
  expect_proven_pass(outcome);
  EXPECT_THAT(finding_lines(outcome), ::testing::ElementsAre("sequence-near-end sequence users.id"));
}

TEST_F(BrokenSchema, IsCaughtWithASequenceThatHasGivenItsLastValue) {
  new_side("SELECT setval('users_id_seq', 2147483646)");
  EXPECT_THAT(finding_lines(check()), ::testing::ElementsAre("sequence-near-end sequence users.id"));
  new_side("SELECT setval('users_id_seq', 2147483647)");
  const Outcome outcome = check();
  expect_found(outcome, {"sequence-exhausted sequence users.id"});
  EXPECT_EQ(outcome.findings[0].new_value, "2147483648");
  new_side("ALTER SEQUENCE users_id_seq CYCLE; SELECT setval('users_id_seq', 1000)");
  expect_proven_pass(check("{}"));
  new_side("CREATE SEQUENCE down INCREMENT -1 MINVALUE -3; ALTER TABLE users ALTER id SET DEFAULT nextval('down')");
  new_side("SELECT setval('down', -3)");
  expect_found(check("{}"), {"sequence-exhausted sequence users.id"});
}

TEST_F(BrokenSchema, IsCaughtWithAnInvalidIndex) {
  // What a concurrent build that failed leaves behind.
  EXPECT_THROW(new_side("CREATE UNIQUE INDEX CONCURRENTLY once ON captures (body)"), std::runtime_error);
  const Outcome outcome = check();
  expect_found(outcome,
               {"index-invalid index captures.unique btree (body)", "index-extra index captures.unique btree (body)"});
}

TEST_F(BrokenSchema, IsCaughtWithoutAnIndex) {
  new_side("DROP INDEX captures_user");
  expect_found(check(), {"index-missing index captures.btree (user_id)"});
}

TEST_F(BrokenSchema, IsCaughtWithAConstraintThatWasNotValidated) {
  new_side("ALTER TABLE captures DROP CONSTRAINT has_body, ADD CONSTRAINT has_body CHECK (body <> '') NOT VALID");
  expect_found(check(), {"constraint-not-validated constraint captures.CHECK ((body <> ''::text))"});
}

TEST_F(BrokenSchema, IsCaughtWithOrphansBehindAnUnvalidatedKey) {
  new_side(
      "ALTER TABLE captures DROP CONSTRAINT captures_user_id_fkey; UPDATE captures SET user_id = 99 WHERE id < 4;"
      "ALTER TABLE captures ADD CONSTRAINT k FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID");
  const Outcome outcome = check();
  expect_found(outcome, {"constraint-not-validated constraint captures.foreign key (user_id) -> users (id)",
                         "orphan-rows reference captures.user_id -> users.id"});
  EXPECT_EQ(outcome.findings[1].new_value, "3");
}

TEST_F(BrokenSchema, IsCaughtWithOrphansBehindAKeyThatSaysItIsValid) {
  new_side("SET session_replication_role = replica; UPDATE captures SET user_id = 99 WHERE id = 4");
  expect_found(check(), {"orphan-rows reference captures.user_id -> users.id"});
}

TEST_F(BrokenSchema, IsCaughtWithOrphansThatNoKeyForbids) {
  new_side("UPDATE captures SET author = 7 WHERE id = 4");
  expect_found(check(), {"orphan-rows reference captures.author -> users.id"});
}

TEST_F(BrokenSchema, IsCaughtWithTriggersThatWereLeftDisabled) {
  new_side("ALTER TABLE captures DISABLE TRIGGER ALL");
  expect_found(check(), {"constraint-not-enforced constraint captures.foreign key (user_id) -> users (id)"});
}

TEST_F(BrokenSchema, IsCaughtWithAnEmptyMaterializedViewAndAnUnloggedTable) {
  new_side(
      "CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM captures WITH NO DATA; ALTER TABLE captures SET "
      "UNLOGGED");
  expect_found(check("{}"), {"matview-not-populated view totals", "table-unlogged table captures"});
}

TEST_F(BrokenSchema, IsCaughtWithACollationWhoseLibraryChanged) {
  new_side("CREATE TABLE names (name text COLLATE \"und-x-icu\" PRIMARY KEY)");
  EXPECT_EQ(check("{}").verdict, Verdict::passed);
  new_side("UPDATE pg_collation SET collversion = '1.0' WHERE collname IN ('und-x-icu', 'de-x-icu')");
  const Outcome outcome = check("{}");
  ASSERT_EQ(finding_lines(outcome).size(), 1u);
  EXPECT_EQ(outcome.findings[0].rule, "collation-version-differs");
  EXPECT_EQ(outcome.findings[0].old_value, "1.0");
}

TEST_F(BrokenSchema, IsCaughtWithOtherColumns) {
  new_side(
      "ALTER TABLE captures ALTER author TYPE bigint, ALTER body DROP NOT NULL, ADD note text;"
      "ALTER TABLE users ALTER tenant SET DEFAULT 'a'; ALTER TABLE users ENABLE ROW LEVEL SECURITY");
  const Outcome outcome = check();
  expect_found(outcome, {"type-differs column captures.author", "nullability-differs column captures.body",
                         "column-extra column captures.note", "default-differs column users.tenant",
                         "row-security-differs table users"});
  EXPECT_EQ(outcome.findings[0].old_value, "integer");
}

TEST_F(BrokenSchema, IsAcceptedWhereThePlanSaysSo) {
  new_side(
      "ALTER TABLE captures ADD note text; ALTER TABLE captures RENAME body TO words; SELECT setval('users_id_seq', "
      "1)");
  expect_proven_pass(check(R"yaml(
    diff: true
    changes: [{ added: column captures.note }, { renamed: column captures.body, to: words },
              { dropped: "constraint captures.CHECK*" }, { added: "constraint captures.CHECK*" }]
    ignore: sequence-behind users.id)yaml"));
}

}  // namespace
}  // namespace sluice::migration
