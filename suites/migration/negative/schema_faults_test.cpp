// Schemas that hold the right rows and break at the next write, the next query or the next crash.
#include "suites/migration/schema/schema.hpp"
#include "suites/migration/testing/side_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
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

TEST_F(BrokenSchema, IsTheSameWhateverSearchPathItsDatabaseHas) {
  const char* const more =
      "CREATE SCHEMA alt; CREATE TABLE alt.users (id int PRIMARY KEY); CREATE TYPE mood AS ENUM ('good');"
      "CREATE TABLE alt.moods (id bigserial PRIMARY KEY, mood mood, of int REFERENCES alt.users (id));"
      "CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2'; CREATE VIEW all_users AS TABLE users";
  cluster().execute(more, "old_" + database());
  new_side(more);
  cluster().execute("ALTER DATABASE " + database() + " SET search_path = alt");
  expect_proven_pass(check("{ diff: true }"));
  // What the plan names is what the session finds.
  expect_proven_pass(check("{ references: { moods.of: users.id, public.captures.author: public.users.id } }"));
  EXPECT_THAT(run_error(schema_kind(), "{ references: { captures.author: users.id } }"), HasSubstr("\"captures\""));
  new_side("ALTER TABLE alt.moods ALTER mood TYPE text USING ''");
  expect_found(check("{ diff: true }"), {"type-differs column alt.moods.mood"});
}

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

/// What a migration between two PostgreSQLs may lose without a row being wrong.
class LostOnTheWay : public SideFixture {
 protected:
  void SetUp() override {
    SideFixture::SetUp();
    cluster().execute("CREATE DATABASE old_" + database());
    context().stores["old"] = cluster().url("old_" + database());
  }
  // What is found when the new side has `after` where the old one has `before`.
  std::vector<std::string> found(const std::string& both, const std::string& before, const std::string& after) {
    const std::string again = "DROP SCHEMA public CASCADE; CREATE SCHEMA public; ";
    cluster().execute(again + both + ";" + before, "old_" + database());
    new_side(again + both + ";" + after);
    return finding_lines(run(schema_kind(), "{ diff: true }"));
  }
};

TEST_F(LostOnTheWay, AreRulesAndInheritance) {
  const std::string tables = "CREATE TABLE t (a int); CREATE TABLE child (a int)";
  EXPECT_THAT(found(tables, "", "CREATE RULE swallow AS ON INSERT TO t DO INSTEAD NOTHING"),
              ElementsAre("rule-extra rule t.swallow"));
  EXPECT_THAT(found(tables, "ALTER TABLE child INHERIT t", ""), ElementsAre("inherits-differs table child"));
}

TEST_F(LostOnTheWay, AreWhatFunctionsAndTypesPromise) {
  const std::string f = "CREATE OR REPLACE FUNCTION f(a int DEFAULT 1) RETURNS int LANGUAGE sql ";
  EXPECT_THAT(found("", f + "BEGIN ATOMIC SELECT a + 1; END", f + "BEGIN ATOMIC SELECT a * 2; END"),
              ElementsAre("body-md5-differs function f(a integer)"));
  EXPECT_THAT(found("", f + "STRICT SECURITY DEFINER SET search_path = public AS 'SELECT a'",
                    f + "SECURITY DEFINER AS 'SELECT a'"),
              ElementsAre("settings-differs function f(a integer)", "strict-differs function f(a integer)"));
  EXPECT_THAT(found("", "CREATE DOMAIN d AS int NOT NULL DEFAULT 5", "CREATE DOMAIN d AS int"),
              ElementsAre("default-differs type d", "nullability-differs type d"));
  EXPECT_THAT(found("", "CREATE TYPE pair AS (a int, b text)", "CREATE TYPE pair AS (a int)"),
              ElementsAre("attributes-differs type pair"));
}

TEST_F(LostOnTheWay, AreWhatKeysAndSequencesPromise) {
  const std::string tables = "CREATE TABLE u (a int, b int, UNIQUE (a, b)); CREATE TABLE t (a int, b int)";
  const std::string key = "ALTER TABLE t ADD FOREIGN KEY (a, b) REFERENCES u (a, b) ";
  const std::string name = "constraint t.foreign key (a, b) -> u (a, b)";
  EXPECT_THAT(found(tables, key + "MATCH FULL", key), ElementsAre("match-differs " + name));
  EXPECT_THAT(found(tables, key + "ON DELETE SET NULL (b)", key + "ON DELETE SET NULL"),
              ElementsAre("on-delete-columns-differs " + name));
  EXPECT_THAT(found(tables, key + "ON UPDATE CASCADE", key), ElementsAre("on-update-differs " + name));
  EXPECT_THAT(found(tables, "ALTER TABLE t ADD UNIQUE NULLS NOT DISTINCT (a)", "ALTER TABLE t ADD UNIQUE (a)"),
              ElementsAre("nulls-differs constraint t.unique (a)"));
  EXPECT_THAT(found("", "CREATE SEQUENCE s MAXVALUE 100000", "CREATE SEQUENCE s MAXVALUE 500 CACHE 50"),
              ElementsAre("cache-differs sequence s", "most-differs sequence s"));
}

TEST_F(LostOnTheWay, AreEventTriggers) {
  const std::string guard = "CREATE FUNCTION guard() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'";
  const std::string trigger = "CREATE EVENT TRIGGER no_drops ON sql_drop ";
  EXPECT_THAT(found(guard, trigger + "EXECUTE FUNCTION guard()", ""),
              ElementsAre("event_trigger-missing event_trigger no_drops"));
  EXPECT_THAT(found(guard, trigger + "WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION guard()",
                    trigger + "WHEN TAG IN ('DROP VIEW') EXECUTE FUNCTION guard()"),
              ElementsAre("tags-differs event_trigger no_drops"));
  EXPECT_THAT(found(guard, trigger + "EXECUTE FUNCTION guard()",
                    trigger + "EXECUTE FUNCTION guard(); ALTER EVENT TRIGGER no_drops DISABLE"),
              ElementsAre("trigger-disabled event_trigger no_drops"));
}

TEST_F(LostOnTheWay, AreWhatReplicationAndSearchNeed) {
  const std::string tables = "CREATE TABLE t (a int PRIMARY KEY, b text NOT NULL UNIQUE)";
  EXPECT_THAT(found(tables, "ALTER TABLE t REPLICA IDENTITY FULL", ""),
              ElementsAre("replica-identity-differs table t"));
  EXPECT_THAT(
      found(tables, "ALTER TABLE t REPLICA IDENTITY USING INDEX t_b_key", "ALTER TABLE t REPLICA IDENTITY FULL"),
      ElementsAre("replica-identity-differs table t"));
  EXPECT_THAT(found(tables, "CREATE PUBLICATION p FOR TABLE t", ""), ElementsAre("publication-missing publication p"));
  new_side("CREATE TABLE u (a int); CREATE PUBLICATION p FOR TABLE u WITH (publish = 'insert')");
  EXPECT_THAT(finding_lines(run(schema_kind(), "{ diff: true, changes: [{ added: table u }] }")),
              ElementsAre("operations-differs publication p", "tables-differs publication p"));
  cluster().execute("DROP PUBLICATION p", "old_" + database());
  new_side("DROP PUBLICATION p");
  const std::string search = "CREATE TEXT SEARCH CONFIGURATION s (COPY = simple);";
  EXPECT_THAT(found(tables, search, ""), ElementsAre("text_search_configuration-missing text_search_configuration s"));
  EXPECT_THAT(
      found(tables, search + "ALTER TEXT SEARCH CONFIGURATION s ALTER MAPPING FOR word WITH english_stem", search),
      ElementsAre("mappings-differs text_search_configuration s"));
  const std::string words = "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple";
  EXPECT_THAT(found(tables, words + ", stopwords = english)", words + ")"),
              ElementsAre("options-differs text_search_dictionary d"));
}

TEST_F(LostOnTheWay, AreTheOrderOfColumnsOfWhichTheReaderIsWarned) {
  EXPECT_THAT(found("", "CREATE TABLE t (a int, b int, c int)", "CREATE TABLE t (b int, a int, c int)"),
              ElementsAre("column-order-differs table t"));
  EXPECT_THAT(
      found("", "CREATE TABLE t (gone int, a int, b int); ALTER TABLE t DROP gone", "CREATE TABLE t (a int, b int)"),
      ::testing::IsEmpty());
}

TEST_F(LostOnTheWay, AreWhatViewsHide) {
  EXPECT_THAT(found("CREATE TABLE t (a int)", "CREATE VIEW v WITH (security_invoker) AS SELECT a FROM t",
                    "CREATE VIEW v AS SELECT a FROM t"),
              ElementsAre("options-differs view v"));
}

TEST_F(BrokenSchema, IsCaughtWithASequenceBehindADomain) {
  new_side(
      "CREATE DOMAIN uid AS bigint; CREATE DOMAIN user_uid AS uid; CREATE SEQUENCE s; CREATE TABLE t (id user_uid "
      "DEFAULT nextval('s')); INSERT INTO t VALUES (5)");
  expect_found(check("{}"), {"sequence-behind sequence t.id"});
}

TEST_F(BrokenSchema, IsCaughtWithAKeyThatIsPartlyNull) {
  const std::string tables =
      "CREATE TABLE p (a int, b int, UNIQUE (a, b)); CREATE TABLE c (a int, b int, FOREIGN KEY (a, b) REFERENCES p (a, "
      "b) MATCH FULL); SET session_replication_role = replica; INSERT INTO c VALUES (NULL, NULL)";
  new_side(tables);
  expect_proven_pass(check("{}"));
  new_side("SET session_replication_role = replica; INSERT INTO c VALUES (1, NULL)");
  EXPECT_THAT(finding_lines(check("{}")), ElementsAre(HasSubstr("orphan-rows")));
}

/// Old is a SQLite file, new a PostgreSQL.
class BetweenEngines : public SideFixture {};

TEST_F(BrokenSchema, IsNotSeenInANumberThatIsComputed) {
  new_side(
      "CREATE SEQUENCE s; CREATE TABLE t (id bigint DEFAULT nextval('s') * 10 + 3); INSERT INTO t (id) VALUES "
      "(DEFAULT), "
      "(DEFAULT); CREATE TABLE u (id int DEFAULT nextval('s')::int)");
  expect_proven_pass(check("{}"));
  new_side("CREATE TABLE w (id text DEFAULT 'W' || nextval('s'))");
  const Outcome outcome = check("{}");
  ASSERT_EQ(outcome.findings.size(), 2u);
  EXPECT_EQ(outcome.findings[0].severity, Severity::info);
  EXPECT_EQ(outcome.findings[0].summary.substr(0, 32), "the default of t.id computes of ");
  EXPECT_EQ(outcome.findings[1].rule, "sequence-not-judged");
  EXPECT_EQ(outcome.findings[1].where.at(1).second, "w.id");
  new_side("INSERT INTO u VALUES (3)");
  expect_found(check("{}"), {"sequence-behind sequence u.id"});
}

TEST_F(LostOnTheWay, AreOwnersOfWhichTheReaderIsWarned) {
  cluster().execute("DROP ROLE IF EXISTS clerk; CREATE ROLE clerk");
  EXPECT_THAT(found("CREATE TABLE t (a int)", "ALTER TABLE t OWNER TO clerk", ""),
              ElementsAre("owner-differs table t"));
}

/// Old and new are SQLite files.
class LostBetweenFiles : public SideFixture {
 protected:
  std::vector<std::string> found(const std::string& before, const std::string& after) {
    ++files_;
    for (const auto& [side, sql] : {std::pair("old", before), std::pair("new", after)}) {
      const testing::SqliteFile file(folder().path() / (side + std::to_string(files_) + ".db"));
      file.execute(sql);
      context().stores[side] = file.url();
    }
    return finding_lines(run(schema_kind(), "{ diff: true }"));
  }
  int files_ = 0;
};

TEST_F(LostBetweenFiles, AreClausesOfTables) {
  const std::string plain = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT)";
  for (const std::string had : {"CREATE TABLE t (id INTEGER PRIMARY KEY, a INT CHECK (a > 0))",
                                "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT) STRICT",
                                "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a INT)",
                                "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT AS (id + 1))"}) {
    EXPECT_THAT(found(had, plain), ElementsAre("clauses-differs table t")) << had;
  }
  EXPECT_THAT(found("create table T(ID integer primary key, [a] int) -- the same\n",
                    "CREATE TABLE T(ID INTEGER PRIMARY KEY, a INT)"),
              ::testing::IsEmpty());
  EXPECT_THAT(found("CREATE TABLE t (a TEXT); CREATE UNIQUE INDEX i ON t (a COLLATE NOCASE)",
                    "CREATE TABLE t (a TEXT); CREATE UNIQUE INDEX i ON t (a)"),
              ElementsAre("collation-differs index t.unique btree (a)"));
}

TEST_F(LostBetweenFiles, NeitherCaseOfNamesNorOfTypesCounts) {
  EXPECT_THAT(found("CREATE TABLE t (id INTEGER PRIMARY KEY, Name varchar(9)); CREATE INDEX i ON t (Name)",
                    "CREATE TABLE T (ID INTEGER PRIMARY KEY, name VARCHAR(9)); CREATE INDEX I ON T (NAME)"),
              ::testing::IsEmpty());
}

TEST_F(LostBetweenFiles, AreWhatKeysAndViewsNeed) {
  const std::string broken =
      "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT REFERENCES gone (id), b INT REFERENCES u (x)); CREATE TABLE u (x "
      "INT);"
      "CREATE VIEW v AS SELECT absent FROM t; INSERT INTO t VALUES (1, 1, 1)";
  EXPECT_THAT(
      found(broken, broken),
      ::testing::UnorderedElementsAre("orphan-rows reference t.b -> u.x", "reference-unusable reference t.a -> gone.id",
                                      "reference-unusable reference t.b -> u.x", "view-broken view v"));
}

TEST_F(BetweenEngines, OneUniquePromiseIsAsGoodAsAnother) {
  old_side(
      "CREATE TABLE t (a TEXT UNIQUE, b INT, d INT); CREATE UNIQUE INDEX i ON t (b); CREATE UNIQUE INDEX p ON t (b) "
      "WHERE d = 0");
  new_side(
      "CREATE TABLE t (a text, b bigint UNIQUE, d bigint); CREATE UNIQUE INDEX ON t (a); CREATE UNIQUE INDEX ON t (b) "
      "WHERE d = 0");
  const Outcome outcome = run(schema_kind(), "{ diff: true }");
  expect_proven_pass(outcome);
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_EQ(outcome.findings[0].rule, "not-compared");
  EXPECT_THAT(outcome.findings[0].summary, HasSubstr("on the old side index 1; on the new side extension 1, index 1"));
  new_side("ALTER TABLE t DROP CONSTRAINT t_b_key");
  expect_found(run(schema_kind(), "{ diff: true }"), {"index-missing index t.unique btree (b)"});
}

TEST_F(BetweenEngines, RulesActionsOfKeysAndComputedColumnsAreCompared) {
  old_side(
      "CREATE TABLE p (a INTEGER PRIMARY KEY); CREATE TABLE t (a INTEGER PRIMARY KEY REFERENCES p (a) ON UPDATE "
      "CASCADE, "
      "b INT AS (a + 1))");
  new_side(
      "CREATE TABLE p (a bigserial PRIMARY KEY); CREATE TABLE t (a bigserial PRIMARY KEY REFERENCES p (a), b bigint);"
      "CREATE RULE swallow AS ON INSERT TO t DO INSTEAD NOTHING");
  EXPECT_THAT(finding_lines(run(schema_kind(), "{ diff: true }")),
              ElementsAre("generation-lost column t.b", "on-update-differs constraint t.foreign key (a) -> p (a)",
                          "rule-extra rule t.swallow"));
}

}  // namespace
}  // namespace sluice::migration
