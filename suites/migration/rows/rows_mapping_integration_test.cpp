// Tables that a migration did not just copy: without keys, computed, merged, with new ids, almost equal.
#include <nlohmann/json.hpp>

#include "harness/core/errors.hpp"
#include "suites/migration/rows/rows.hpp"
#include "suites/migration/testing/rows_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RowsWithoutAKey : public RowsFixture {
 protected:
  void SetUp() override {
    RowsFixture::SetUp();
    old_side("CREATE TABLE t (a INTEGER, s TEXT, j TEXT)");
    new_side("CREATE TABLE t (s text, j jsonb, a int)");
    old_side(R"(INSERT INTO t VALUES (1, 'x', '{"b":1.0,"a":2}'), (1, 'x', '{"a":2,"b":1}'), (2, NULL, NULL),
                                     (2, NULL, NULL), (2, '', NULL), (NULL, NULL, NULL))");
    new_side(R"(INSERT INTO t (a, s, j) VALUES (NULL, NULL, NULL), (2, NULL, NULL), (1, 'x', '{"a":2,"b":1}'),
                                               (2, '', NULL), (2, NULL, NULL), (1, 'x', '{"b":1e0,"a":2.0}'))");
  }
};

TEST_F(RowsWithoutAKey, AreCountedInAnyOrder) {
  const Outcome outcome = compare_both_ways(R"({"tables": {"t": {}}})");
  expect_earned_pass(outcome);
  EXPECT_EQ(metric(outcome, "rows_compared"), 6);
  EXPECT_THAT(outcome.reason, HasSubstr("t by multiset: its rows have no key and are counted"));
}

TEST_F(RowsWithoutAKey, AreMissedByTheirNumberOfCopies) {
  old_side(R"(INSERT INTO t VALUES (2, NULL, NULL), (2, NULL, NULL))");
  const Outcome outcome = compare_both_ways(R"({"tables": {"t": {}}})");
  expect_findings(outcome, {"row-missing t a=2, s=NULL, j=NULL"});
  EXPECT_EQ(outcome.findings[0].occurrences, 2u);
  EXPECT_EQ(metric(outcome, "rows_missing"), 2);
  EXPECT_EQ(outcome.findings[0].where[1].first, "row");
}

TEST_F(RowsWithoutAKey, AreSeenWhenOnePairReplacesAnother) {
  new_side(R"(UPDATE t SET s = 'y' WHERE s = 'x')");
  const Outcome outcome = compare_both_ways(R"({"tables": {"t": {}}})");
  ASSERT_EQ(lines(outcome).size(), 2u);
  EXPECT_THAT(lines(outcome), Contains(HasSubstr("row-missing t a=1, s=x, j=")));
  EXPECT_THAT(lines(outcome), Contains(HasSubstr("row-extra t a=1, s=y, j=")));
  EXPECT_EQ(metric(outcome, "rows_missing"), 2);
  EXPECT_EQ(metric(outcome, "rows_extra"), 2);
}

TEST_F(RowsWithoutAKey, AreSeenWhenTwoOfThemSwapValues) {
  old_side("CREATE TABLE u (a INTEGER, b INTEGER); INSERT INTO u VALUES (1, 10), (2, 20)");
  new_side("CREATE TABLE u (a int, b int); INSERT INTO u VALUES (1, 20), (2, 10)");
  expect_findings(compare_both_ways(R"({"tables": {"u": {}}})"), {"row-missing u a=1, b=10", "row-missing u a=2, b=20",
                                                                  "row-extra u a=1, b=20", "row-extra u a=2, b=10"});
}

TEST_F(RowsWithoutAKey, MayHaveASurrogateKeyThatIsIgnored) {
  old_side("CREATE TABLE u (id INTEGER PRIMARY KEY, s TEXT); INSERT INTO u VALUES (1, 'a'), (2, 'b'), (3, 'b')");
  new_side("CREATE TABLE u (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), s text)");
  new_side("INSERT INTO u (s) VALUES ('b'), ('a'), ('b')");
  EXPECT_THAT(compare_error<InputError>(R"({"tables": {"u": {"ignore": ["id"]}}})"), HasSubstr("multiset: true"));
  const std::string counted = R"({"tables": {"u": {"ignore": ["id"], "multiset": true}}})";
  expect_earned_pass(compare_both_ways(counted));
  new_side("DELETE FROM u WHERE id = (SELECT id FROM u WHERE s = 'b' LIMIT 1)");
  expect_findings(compare_both_ways(counted), {"row-missing u s=b"});
}

class MappedColumns : public RowsFixture {};

TEST_F(MappedColumns, CanBeComputedOnEitherSide) {
  old_side(R"(CREATE TABLE people (id INTEGER PRIMARY KEY, first TEXT, last TEXT, cents INTEGER);
              INSERT INTO people VALUES (1, 'Ada', 'Lovelace', 1250), (2, 'Alan', 'Turing', 5))");
  new_side(R"(CREATE TABLE people (id int PRIMARY KEY, name text, amount numeric(10,2), tenant int, kind text);
              INSERT INTO people VALUES (1, 'Ada Lovelace', 12.5, 7, 'person'), (2, 'Alan Turing', 0.05, 7, 'person'))");
  const std::string mapped = R"({"tables": {"people": {"expressions": {
      "full_name": {"old": "first || ' ' || last", "new": "name", "covers": ["first", "last"]},
      "cents": {"new": "(amount * 100)::int", "covers": ["amount"]}, "tenant": {"old": "7"}, "kind": {"old": "'person'"}}}}})";
  const Outcome outcome = compare_both_ways(mapped);
  expect_earned_pass(outcome);
  EXPECT_THAT(outcome.reason, HasSubstr("is an expression"));
  for (const auto& finding : outcome.findings) ADD_FAILURE() << finding.rule << " " << finding.summary;
  new_side(
      "UPDATE people SET name = 'Ada Byron', amount = 12.51 WHERE id = 1; UPDATE people SET tenant = 8 WHERE id = 2");
  const Outcome changed = compare_both_ways(mapped);
  expect_findings(changed, {"row-changed people id=1 full_name", "row-changed people id=1 cents",
                            "row-changed people id=2 tenant"});
}

TEST_F(MappedColumns, CanBeSplit) {
  old_side("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t VALUES (1, 'Ada Lovelace')");
  new_side("CREATE TABLE t (id int PRIMARY KEY, first text, last text); INSERT INTO t VALUES (1, 'Ada', 'Lovelace')");
  const std::string mapped = R"({"tables": {"t": {"expressions": {
      "first": {"old": "substr(name, 1, instr(name, ' ') - 1) ",
                    "covers" : ["name"]
}
, "last" : { "old" : "substr(name, instr(name, ' ') + 1) " }
}
}
}
})";
  expect_earned_pass(compare_both_ways(mapped));
  new_side("UPDATE t SET last = 'Byron'");
  expect_findings(compare_both_ways(mapped), {"row-changed t id=1 last"});
}

TEST_F(MappedColumns, MayBeAKeyWhenTheyAreComputed) {
  old_side("CREATE TABLE t (a TEXT, b TEXT, n INTEGER); INSERT INTO t VALUES ('x', '2', 1), ('x', '1', 2)");
  new_side("CREATE TABLE t (code text PRIMARY KEY, n int); INSERT INTO t VALUES ('x-1', 2), ('x-2', 3)");
  expect_findings(compare_both_ways(R"({"tables": {"t": {"key": ["code"], "expressions": {
      "code": {"old": "a || '-' || b", "covers": ["a", "b"]}}}}})"),
                  {"row-changed t code=x-2 n"});
}

TEST_F(MappedColumns, AreRefusedWhenTheirSqlIs) {
  old_side("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'x')");
  new_side("CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'x')");
  const auto error = compare_error<InputError>(R"({"tables": {"t": {"expressions": {"a": {"new": "upperr(a) "
}
}
}
}
})");
  EXPECT_THAT(error, AllOf(HasSubstr("table t"), HasSubstr("expression a"), HasSubstr("upperr")));
}

// SQLite makes one row of a whole table then, on either side, and equal ones are soon found.
TEST_F(MappedColumns, AreRefusedWhenTheyAreOneValueOfAllRows) {
  const testing::SqliteFile other(folder().path() / "other.db");
  old_side("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER); INSERT INTO t VALUES (1, 5), (2, 7), (3, 6)");
  other.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER); INSERT INTO t VALUES (2, 7)");
  context().stores["new"] = other.url();
  const auto mapped = [](const std::string& sql) {
    nlohmann::json parameters;
    parameters["tables"]["t"]["expressions"]["a"] = {{"old", sql}, {"new", sql}};
    return parameters.dump();
  };
  for (const char* sql : {"max(a)", "(SELECT max(t.a))", "count(*)", "group_concat(a) || ''"}) {
    EXPECT_THAT(compare_error<InputError>(mapped(sql)),
                AllOf(HasSubstr("table t"), HasSubstr("expression a"), HasSubstr("one value of all rows")))
        << sql;
  }
  expect_findings(compare_both_ways(mapped("(SELECT max(u.a) FROM t u WHERE u.id = t.id)")),
                  {"row-missing t id=1", "row-missing t id=3"});
}

// unnest() of an empty array is no row at all.
TEST_F(MappedColumns, AreRefusedWhenTheyReturnRows) {
  for (const char* table : {"o", "n"}) {
    const std::string name = table;
    new_side("CREATE TABLE " + name + " (id int PRIMARY KEY, a int[], s text); INSERT INTO " + name +
             " VALUES (1, '{1}', 'x'), (2, '{}', '" + name + "')");
  }
  context().stores["old"] = new_url();
  nlohmann::json parameters;
  parameters["tables"]["o"] = {{"to", "n"}};
  parameters["tables"]["o"]["expressions"]["a"] = {{"old", "unnest(a)"}, {"new", "unnest(a)"}};
  EXPECT_THAT(compare_error<InputError>(parameters.dump()),
              AllOf(HasSubstr("expression a"), HasSubstr("set-returning")));
}

// It would be equal whatever the columns hold that it is said to cover.
TEST_F(MappedColumns, AreRefusedWhenTheyReadNoColumnOfEitherSide) {
  old_side("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'x')");
  new_side("CREATE TABLE t (id int PRIMARY KEY, b text); INSERT INTO t VALUES (1, 'y')");
  EXPECT_THAT(
      compare_error<InputError>(
          R"({"tables": {"t": {"expressions": {"c": {"old": "'all'", "new": "'all'", "covers": ["a", "b"]}}}}})"),
      AllOf(HasSubstr("expression c"), HasSubstr("compares nothing")));
  expect_findings(
      compare_both_ways(R"({"tables": {"t": {"expressions": {"c": {"old": "'all'", "new": "b", "covers": ["a"]}}}}})"),
      {"row-changed t id=1 c"});
}

TEST_F(MappedColumns, DoNotStandInForAColumnThatIsNamedLikeThem) {
  old_side(
      "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, sluice_expression_1 TEXT); INSERT INTO t VALUES (1, 'x', 'y')");
  new_side("CREATE TABLE t (id int PRIMARY KEY, a text, sluice_expression_1 text); INSERT INTO t VALUES (1, 'x', 'z')");
  expect_findings(compare_both_ways(R"({"tables": {"t": {"expressions": {"a": {"old": "a || ''"}}}}})"),
                  {"row-changed t id=1 sluice_expression_1"});
}

TEST_F(MappedColumns, AreAnErrorWhenTheyCameAfterTheTablesWereDescribed) {
  old_side("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'x')");
  new_side("CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'x')");
  const auto after = [&](const std::function<void()>& change) {
    const CheckKind kind = rows_kind();
    const auto check = kind.make(testing::make_parameters(kind, R"({"tables": {"t": {}}})"));
    check->prepare(context());
    change();
    check->exercise(context());
  };
  EXPECT_NO_THROW(after([] {}));
  EXPECT_THROW(after([&] { new_side("ALTER TABLE t ALTER COLUMN a TYPE varchar(20)"); }), EnvironmentError);
  EXPECT_THROW(after([&] { old_side("ALTER TABLE t ADD COLUMN b TEXT DEFAULT 'lost'"); }), EnvironmentError);
}

class MergedTables : public RowsFixture {
 protected:
  void SetUp() override {
    RowsFixture::SetUp();
    old_side(R"(CREATE TABLE costs (id INTEGER PRIMARY KEY, amount INTEGER); INSERT INTO costs VALUES (1, 10), (2, 20);
                CREATE TABLE purchases (id INTEGER PRIMARY KEY, price INTEGER); INSERT INTO purchases VALUES (1, 7);)");
    new_side(
        R"(CREATE TABLE items (item int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, old_id int, amount int, metadata jsonb);
                INSERT INTO items (old_id, amount, metadata) VALUES (1, 10, '{"original_table": "costs"}'),
                  (2, 20, '{"original_table": "costs"}'), (1, 7, '{"original_table": "purchases"}'))");
  }
  Outcome compare_merged(const std::string& more = "") {
    return compare_both_ways(R"({"tables": {
      "costs": {"to": "items", "columns": {"id": "old_id"}, "where_new": "metadata->>'original_table' = 'costs'"},
      "purchases": {"to": "items", "columns": {"id": "old_id", "price": "amount"},
                    "where_new": "metadata->>'original_table' = 'purchases'"}})" +
                             more + "}");
  }
};

TEST_F(MergedTables, PassWhenEveryRowBelongsToOneSource) {
  const Outcome outcome = compare_merged();
  expect_earned_pass(outcome);
  EXPECT_THAT(outcome.control->planted, HasSubstr("in items claimed by nobody"));
}

TEST_F(MergedTables, NameRowsThatNobodyClaims) {
  new_side(
      "INSERT INTO items (old_id, amount, metadata) VALUES (3, 1, '{\"original_table\": \"cost\"}'), (4, 1, NULL)");
  expect_findings(compare_merged(), {"row-unclaimed items item=4", "row-unclaimed items item=5"});
  expect_earned_pass(compare_merged(R"(, "unclaimed": "allowed")"));
}

TEST_F(MergedTables, NameRowsThatTwoClaim) {
  new_side("INSERT INTO items (old_id, amount) VALUES (5, 10)");
  const Outcome outcome = compare_both_ways(R"({"tables": {
      "costs": {"to": "items", "columns": {"id": "old_id"}, "where_new": "amount >= 10"},
      "purchases": {"to": "items", "columns": {"id": "old_id", "price": "amount"},
                    "where_new": "amount = 7 OR old_id = 5"}}})");
  expect_findings(outcome, {"row-extra costs id=5", "row-extra purchases id=5", "row-contested items item=4"});
}

// Both sources have the row as they should, and it is counted as both of them.
TEST_F(MergedTables, AreContestedAlsoWhereUnclaimedRowsAreAllowed) {
  old_side("INSERT INTO costs VALUES (5, 9); INSERT INTO purchases VALUES (5, 9)");
  new_side("INSERT INTO items (old_id, amount) VALUES (5, 9), (77, 1)");
  const std::string tables = R"js({"tables": {
      "costs": {"to": "items", "columns": {"id": "old_id"}, "where_new": "amount >= 9"},
      "purchases": {"to": "items", "columns": {"id": "old_id", "price": "amount"}, "where_new": "amount IN (7, 9)"}},
      "unclaimed": "allowed"})js";
  expect_findings(compare_both_ways(tables), {"row-contested items item=4"});
  old_side("DELETE FROM costs WHERE id = 5; DELETE FROM purchases WHERE id = 5");
  new_side("DELETE FROM items WHERE old_id = 5");
  const Outcome outcome = compare_both_ways(tables);
  expect_earned_pass(outcome);
  EXPECT_THAT(outcome.control->planted, HasSubstr("in items claimed twice"));
  EXPECT_THAT(outcome.control->planted, ::testing::Not(HasSubstr("claimed by nobody")));
}

TEST_F(MergedTables, LoseARowWhenTwoSourcesHaveOneKey) {
  new_side("DELETE FROM items WHERE metadata->>'original_table' = 'purchases'");
  expect_findings(compare_merged(), {"row-missing purchases id=1"});
}

class NewIds : public RowsFixture {
 protected:
  void SetUp() override {
    RowsFixture::SetUp();
    old_side(
        R"(CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT); INSERT INTO users VALUES (1, 'a@x'), (2, 'b@x'), (3, 'c@x');
                CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER, body TEXT);
                INSERT INTO posts VALUES (10, 1, 'one'), (11, 2, 'two'), (12, NULL, 'three'), (13, 3, 'four');)");
    new_side(R"(CREATE TABLE users (id uuid PRIMARY KEY, email text);
                INSERT INTO users VALUES ('ffffffff-0000-4000-8000-000000000001', 'a@x'),
                  ('aaaaaaaa-0000-4000-8000-000000000002', 'b@x'), ('bbbbbbbb-0000-4000-8000-000000000003', 'c@x');
                CREATE TABLE posts (id int PRIMARY KEY, user_id uuid, body text);
                INSERT INTO posts VALUES (10, 'ffffffff-0000-4000-8000-000000000001', 'one'),
                  (11, 'aaaaaaaa-0000-4000-8000-000000000002', 'two'), (12, NULL, 'three'),
                  (13, 'bbbbbbbb-0000-4000-8000-000000000003', 'four');
                CREATE TABLE id_map (kind text, was bigint, became uuid);
                INSERT INTO id_map SELECT 'user', v.was, u.id FROM users u JOIN (VALUES (1, 'a@x'), (2, 'b@x'), (3, 'c@x')) v(was, email)
                  USING (email); INSERT INTO id_map VALUES ('team', 1, gen_random_uuid()))");
  }
  static constexpr const char* tables =
      R"("tables": {"users": {"ids": {"id": "users"}}, "posts": {"ids": {"user_id": "users"}}}})";
  Outcome by_natural_key() {
    return compare_both_ways(std::string(R"({"id_maps": {"users": {"kind": "natural",
      "old": {"table": "users", "id": "id", "by": "email"}, "new": {"table": "users", "id": "id", "by": "email"}}}, )") +
                             tables);
  }
  Outcome by_table() {
    return compare_both_ways(std::string(R"({"id_maps": {"users": {"kind": "table", "table": "id_map", "old": "was",
      "new": "became", "where": "kind = 'user'"}}, )") +
                             tables);
  }
};

TEST_F(NewIds, PassWhenTheyAreMappedOneToOne) {
  for (const Outcome& outcome : {by_natural_key(), by_table()}) {
    expect_earned_pass(outcome);
    EXPECT_EQ(metric(outcome, "rows_compared"), 7);
    EXPECT_TRUE(lines(outcome).empty());
  }
}

TEST_F(NewIds, ShowAChildWithTheWrongParent) {
  new_side("UPDATE posts SET user_id = 'aaaaaaaa-0000-4000-8000-000000000002' WHERE id = 10");
  for (const Outcome& outcome : {by_natural_key(), by_table()}) {
    expect_findings(outcome, {"row-changed posts id=10 user_id"});
    EXPECT_EQ(outcome.findings[0].old_value, "1 (now ffffffff-0000-4000-8000-000000000001)");
  }
}

TEST_F(NewIds, AreNamedAsTheOldSideWroteThem) {
  new_side("UPDATE users SET email = 'changed' WHERE email = 'b@x'");
  const Outcome outcome = by_table();
  expect_findings(outcome, {"row-changed users id=2 email"});
  EXPECT_THAT(outcome.findings[0].reproduce, AllOf(HasSubstr("WHERE \"id\" IS 2;"), HasSubstr("aaaaaaaa-0000-4000")));
}

TEST_F(NewIds, AreMissedWhereTheMapHasNone) {
  new_side("DELETE FROM id_map WHERE was = 3");
  expect_findings(by_table(),
                  {"row-missing users id=3 (not in the id map users)",
                   "row-extra users id=bbbbbbbb-0000-4000-8000-000000000003", "row-changed posts id=13 user_id"});
}

TEST_F(NewIds, FailWhenTheMapIsNotOneToOne) {
  new_side("UPDATE id_map SET became = (SELECT became FROM id_map WHERE was = 2 AND kind = 'user') WHERE was = 3");
  const Outcome outcome = by_table();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_THAT(lines(outcome), Contains("id-map-not-one-to-one users aaaaaaaa-0000-4000-8000-000000000002"));
  new_side("INSERT INTO id_map VALUES ('user', 1, gen_random_uuid()), ('user', NULL, gen_random_uuid())");
  EXPECT_THAT(lines(by_table()),
              AllOf(Contains("id-map-not-one-to-one users 1"), Contains("id-map-not-one-to-one users NULL")));
}

TEST_F(NewIds, NeedANaturalKeyThatIsUnique) {
  old_side("INSERT INTO users VALUES (4, 'a@x')");
  EXPECT_THROW(by_natural_key(), InputError);
}

TEST_F(NewIds, AreRefusedWithoutTheirMap) {
  EXPECT_THAT(compare_error<InputError>(std::string("{") + tables), HasSubstr("`id_maps` does not have"));
}

class Tolerances : public RowsFixture {
 protected:
  void SetUp() override {
    RowsFixture::SetUp();
    old_side(R"(CREATE TABLE t (id INTEGER PRIMARY KEY, price TEXT, ratio REAL, at TEXT);
                INSERT INTO t VALUES (1, '10.00', 1000.0, '2026-01-01 00:00:00.123456789Z'), (2, '10.00', 1000.0, '2026-01-01 00:00:00Z'),
                                     (3, '123456789012345678901234567890.00', NULL, NULL))");
    new_side(R"(CREATE TABLE t (id int PRIMARY KEY, price numeric, ratio float8, at timestamptz);
                INSERT INTO t VALUES (1, 10.01, 1001, '2026-01-01 00:00:00.123457Z'), (2, 10.00, 1000, '2026-01-01 00:00:00Z'),
                                     (3, 123456789012345678901234567890.01, NULL, NULL))");
  }
  static constexpr const char* tolerant =
      R"({"tables": {"t": {"tolerance": {"price": "0.01", "ratio": "0.1%", "at": "1ms"}}}})";
};

TEST_F(Tolerances, AreCountedAndShown) {
  const Outcome outcome = compare_both_ways(tolerant);
  EXPECT_EQ(outcome.verdict, Verdict::passed) << outcome.reason;
  EXPECT_EQ(metric(outcome, "t.price.cells_tolerated"), 2);
  EXPECT_EQ(metric(outcome, "t.ratio.cells_tolerated"), 1);
  EXPECT_EQ(metric(outcome, "t.at.cells_tolerated"), 1);
  std::vector<std::string> rules;
  for (const auto& finding : outcome.findings) rules.push_back(finding.rule + " " + finding.where[1].second);
  EXPECT_THAT(rules, ::testing::IsSupersetOf({"cells-tolerated price", "cells-tolerated ratio", "cells-tolerated at"}));
  EXPECT_TRUE(outcome.control->caught) << outcome.control->observed;
}

TEST_F(Tolerances, EndWhereTheySay) {
  new_side(
      "UPDATE t SET price = price + 0.0000001, ratio = 1001.0021, at = at + interval '1001 microseconds' WHERE id = 1");
  new_side("UPDATE t SET price = NULL WHERE id = 2; UPDATE t SET price = price + 0.01 WHERE id = 3");
  expect_findings(compare_both_ways(tolerant),
                  {"row-changed t id=1 price", "row-changed t id=1 ratio", "row-changed t id=1 at",
                   "row-changed t id=2 price", "row-changed t id=3 price", "row-hazard t id=1 at"});
}

TEST_F(Tolerances, AreRefusedWhereTheySayNothing) {
  const auto refused = [&](const std::string& tolerance) {
    return compare_error<InputError>(R"({"tables": {"t": {"tolerance": {)" + tolerance + "}}}}");
  };
  EXPECT_THAT(refused(R"("price": "0")"), HasSubstr("tolerates nothing"));
  EXPECT_THAT(refused(R"("price": "-0.1")"), HasSubstr("tolerates nothing"));
  EXPECT_THAT(refused(R"("price": "0%")"), HasSubstr("tolerates nothing"));
  EXPECT_THAT(refused(R"("at": "0ms")"), HasSubstr("tolerates nothing"));
  EXPECT_THAT(refused(R"("price": "some")"), HasSubstr("is none"));
  EXPECT_THAT(refused(R"("price": "1ms")"), HasSubstr("says nothing of values compared as decimal"));
  EXPECT_THAT(refused(R"("id": "1")"), HasSubstr("cannot have a tolerance"));
  EXPECT_THAT(refused(R"("prise": "1")"), HasSubstr("did you mean price?"));
}

}  // namespace
}  // namespace sluice::migration
