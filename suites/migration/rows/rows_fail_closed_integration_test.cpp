// Whatever keeps the check from really comparing must never end as a pass.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "harness/core/errors.hpp"
#include "suites/migration/testing/rows_fixture.hpp"

namespace sluice::migration {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class RowsFailClosed : public RowsFixture {
 protected:
  void make_tables(int rows) {
    old_side("CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT)");
    old_side("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + std::to_string(rows) +
             ") INSERT INTO t SELECT i, printf('%0200d', i) FROM n");
    new_side("CREATE TABLE t (id int PRIMARY KEY, s text)");
    new_side("INSERT INTO t SELECT i, lpad(i::text, 200, '0') FROM generate_series(1, " + std::to_string(rows) + ") i");
  }
};

TEST_F(RowsFailClosed, WhenATableIsMissing) {
  make_tables(1);
  EXPECT_THAT(compare_error<InputError>(R"({"tables": {"t": {"to": "tt"}, "captures": {}}})"),
              AllOf(HasSubstr("no table 'tt' in postgresql://"), HasSubstr("did you mean t?"),
                    HasSubstr("no table 'captures' in sqlite:")));
}

TEST_F(RowsFailClosed, WhenASqliteTableIsComparedWithItself) {
  make_tables(3);
  std::filesystem::create_hard_link(old_file().path(), folder().path() / "other-name.db");
  context().stores["new"] = "sqlite:" + (folder().path() / "other-name.db").string();
  EXPECT_THAT(compare_error<InputError>(R"({"tables": {"t": {}}})"), HasSubstr("compared with itself"));
  std::filesystem::copy_file(old_file().path(), folder().path() / "copy.db");
  context().stores["new"] = "sqlite:" + (folder().path() / "copy.db").string();
  EXPECT_EQ(compare_error<InputError>(R"({"tables": {"t": {}}})"), "no exception");
}

TEST_F(RowsFailClosed, WhenAPostgresTableIsComparedWithItself) {
  make_tables(3);
  new_side("CREATE TABLE u AS SELECT * FROM t; CREATE ROLE plain LOGIN; GRANT SELECT ON t, u TO plain");
  context().stores["old"] = new_url();
  EXPECT_THAT(compare_error<InputError>(R"({"tables": {"t": {"to": "public.t"}}})"), HasSubstr("compared with itself"));
  EXPECT_EQ(compare_error<InputError>(R"({"tables": {"t": {"to": "u"}}})"), "no exception");
  EXPECT_EQ(compare_error<InputError>(R"({"tables": {"t": {"where_old": "id < 3", "where_new": "id < 4"}}})"),
            "no exception");
  // Also for a role that may not read the system identifier.
  new_side("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
  std::string url = new_url();
  url.replace(url.find("sluice@"), 7, "plain@");
  context().stores["old"] = context().stores["new"] = url;
  EXPECT_THAT(compare_error<InputError>(R"({"tables": {"t": {}}})"), HasSubstr("compared with itself"));
}

TEST_F(RowsFailClosed, WhenAColumnIsMissing) {
  make_tables(1);
  new_side("ALTER TABLE t DROP COLUMN s");
  EXPECT_THAT(compare_error<InputError>(R"({"tables": {"t": {}}})"), HasSubstr("the new side has no column for s"));
}

TEST_F(RowsFailClosed, WhenTheKeyIsNotUnique) {
  old_side("CREATE TABLE t (g INTEGER, s TEXT); INSERT INTO t VALUES (1, 'a'), (1, 'b')");
  new_side("CREATE TABLE t (g int, s text); INSERT INTO t VALUES (1, 'a'), (1, 'b')");
  EXPECT_THAT(compare_error<InputError>(R"({"tables": {"t": {"key": ["g"]}}})"),
              AllOf(HasSubstr("table t"), HasSubstr("not unique"), HasSubstr("g=1")));
}

TEST_F(RowsFailClosed, WhenUuidKeysDifferOnlyInCase) {
  old_side(R"(CREATE TABLE t (id TEXT PRIMARY KEY);
              INSERT INTO t VALUES ('AAAAAAAA-0000-4000-8000-000000000001'), ('aaaaaaaa-0000-4000-8000-000000000001');)");
  new_side("CREATE TABLE t (id uuid PRIMARY KEY); INSERT INTO t VALUES ('aaaaaaaa-0000-4000-8000-000000000001')");
  EXPECT_THAT(compare_error<InputError>(R"({"tables": {"t": {}}})"), HasSubstr("not unique"));
}

TEST_F(RowsFailClosed, WhenBothSidesAreEmpty) {
  make_tables(0);
  const std::string plain = R"({"tables": {"t": {"where_old": "id > 5", "where_new": "id > 5"}}})";
  const Outcome outcome = compare(plain);
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(outcome.reason, AllOf(HasSubstr("no rows"), HasSubstr("allow_empty")));
}

TEST_F(RowsFailClosed, UnlessThePlanSaysThatEmptyIsRight) {
  old_side("CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT)");
  new_side("CREATE TABLE t (id int PRIMARY KEY, s text)");
  expect_earned_pass(compare(R"({"tables": {"t": {}}, "allow_empty": true})"));
}

TEST_F(RowsFailClosed, UnlessThePlanNamesTheTableThatIsEmpty) {
  old_side("CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT); CREATE TABLE u (id INTEGER PRIMARY KEY)");
  new_side("CREATE TABLE t (id int PRIMARY KEY, s text); CREATE TABLE u (id int PRIMARY KEY)");
  expect_earned_pass(compare(R"({"tables": {"t": {}, "u": {}}, "allow_empty": ["t", "u"]})"));
  const Outcome outcome = compare(R"({"tables": {"t": {}, "u": {}}, "allow_empty": "t"})");
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(outcome.reason, HasSubstr("to compare in u; seed them, or set `allow_empty: [u]`"));
  EXPECT_EQ(compare(R"({"tables": {"t": {}, "u": {}}, "allow_empty": false})").verdict, Verdict::inconclusive);
}

TEST_F(RowsFailClosed, WhenOneOfTwoTablesIsEmpty) {
  make_tables(3);
  old_side("CREATE TABLE u (id INTEGER PRIMARY KEY)");
  new_side("CREATE TABLE u (id int PRIMARY KEY)");
  EXPECT_EQ(compare(R"({"tables": {"t": {}, "u": {}}})").verdict, Verdict::inconclusive);
}

TEST_F(RowsFailClosed, WhenAConditionIsBroken) {
  make_tables(1);
  EXPECT_THAT(compare_error<InputError>(R"({"tables": {"t": {"where_old": "nope = 1"}}})"), HasSubstr("nope"));
  EXPECT_THAT(compare_error<InputError>(R"({"tables": {"t": {"where_old": "\"nope\" = 1"}}})"), HasSubstr("nope"));
  EXPECT_THAT(compare_error<InputError>(R"({"tables": {"t": {"where_new": "nope = 1"}}})"), HasSubstr("nope"));
  EXPECT_THAT(compare_error<InputError>(R"({"tables": {"t": {"where_new": "true)) TO STDOUT; DROP TABLE t; --"}}})"),
              HasSubstr("reading table t"));
  EXPECT_EQ(cluster().query("SELECT 1"), std::vector<std::string>{"1"});
}

TEST_F(RowsFailClosed, WhenTheSqliteFileIsMissing) {
  make_tables(1);
  context().stores["old"] = "sqlite:not-there.db";
  EXPECT_THAT(compare_error<EnvironmentError>(R"({"tables": {"t": {}}})"),
              AllOf(HasSubstr((folder().path() / "not-there.db").string()), HasSubstr("no such file")));
}

TEST_F(RowsFailClosed, WhenTheSqliteFileIsNoDatabase) {
  make_tables(1);
  context().stores["old"] = "sqlite:" + folder().write("junk.db", std::string(8192, 'j')).string();
  EXPECT_THAT(compare_error<EnvironmentError>(R"({"tables": {"t": {}}})"), HasSubstr("damaged"));
}

TEST_F(RowsFailClosed, WhenTheSqliteFileIsDamagedHalfway) {
  make_tables(2000);
  old_side("PRAGMA wal_checkpoint(TRUNCATE)");
  const auto copy = folder().path() / "damaged.db";
  std::filesystem::copy_file(old_file().path(), copy);
  {
    std::fstream file(copy, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(copy) / 4096 / 2 * 4096));
    const std::string noise(4096 * 8, '\xA5');
    file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
  }
  context().stores["old"] = "sqlite:" + copy.string();
  EXPECT_THAT(compare_error<EnvironmentError>(R"({"tables": {"t": {}}})"),
              AllOf(HasSubstr("reading table t"), HasSubstr("damaged")));
}

TEST_F(RowsFailClosed, WhenAnIndexOfTheSqliteFileLacksARow) {
  new_side("CREATE TABLE t (k text PRIMARY KEY, v text); INSERT INTO t VALUES ('a', '1'), ('c', '3')");
  // The row is written while the schema says that the index leaves it out; then it says again that it holds all.
  old_side(
      "CREATE TABLE t (k TEXT NOT NULL, v TEXT); CREATE UNIQUE INDEX ix ON t (k); INSERT INTO t VALUES ('a', '1'), "
      "('c', '3'); PRAGMA writable_schema = on; UPDATE sqlite_schema SET sql = 'CREATE UNIQUE INDEX ix ON t (k) WHERE "
      "k <> ''b''' WHERE name = 'ix'; PRAGMA writable_schema = reset");
  old_side("INSERT INTO t VALUES ('b', '2')");
  old_side(
      "PRAGMA writable_schema = on; UPDATE sqlite_schema SET sql = 'CREATE UNIQUE INDEX ix ON t (k)' WHERE name = "
      "'ix'; PRAGMA writable_schema = reset");
  // Hashes are made from the table itself, so that a bucket differs; its rows are then read through the index.
  for (const std::string strategy : {"merge", "hash"}) {
    EXPECT_THAT(
        compare_error<EnvironmentError>(R"({"tables": {"t": {"key": ["k"]}}, "strategy": ")" + strategy + "\"}"),
        AllOf(HasSubstr("reading table t"), HasSubstr("and the table itself holds"), HasSubstr("damaged")));
  }
}

TEST_F(RowsFailClosed, WhenNobodyListens) {
  make_tables(1);
  context().stores["new"] = "postgresql://sluice:s3cret@127.0.0.1:1/app";
  EXPECT_THAT(compare_error<EnvironmentError>(R"({"tables": {"t": {}}})"),
              AllOf(HasSubstr("postgresql://sluice:***@127.0.0.1:1/app"), ::testing::Not(HasSubstr("s3cret"))));
}

TEST_F(RowsFailClosed, WhenTheServerListensAndNeverAnswers) {
  make_tables(1);
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  const std::string path = (folder().path() / ".s.PGSQL.5432").string();
  ASSERT_LT(path.size(), sizeof address.sun_path);
  std::strcpy(address.sun_path, path.c_str());
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener, 4), 0);
  context().stores["new"] = "postgresql:///app?host=" + folder().path().string();
  EXPECT_THAT(compare_error<EnvironmentError>(R"({"tables": {"t": {}}, "connect_timeout": "300ms"})"),
              AllOf(HasSubstr("connecting"), HasSubstr("no answer in time")));
  close(listener);
}

TEST_F(RowsFailClosed, WhenPostgresTakesTooLong) {
  make_tables(1);
  EXPECT_THAT(compare_error<EnvironmentError>(
                  R"({"tables": {"t": {"where_new": "pg_sleep(20) IS NOT NULL"}}, "timeout": "1s"})"),
              AllOf(HasSubstr("reading table t"), HasSubstr("allowed: 1 s")));
}

TEST_F(RowsFailClosed, WhenSqliteTakesTooLong) {
  make_tables(1);
  EXPECT_THAT(compare_error<EnvironmentError>(R"({"tables": {"t": {"where_old":
      "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n) > 0"}}, "timeout": "1s"})"),
              HasSubstr("reading table t took longer than 1 s"));
}

TEST_F(RowsFailClosed, WhenTheRunIsCancelled) {
  make_tables(1);
  std::stop_source source;
  context().cancelled = source.get_token();
  context().progress = [&](const Progress&) { source.request_stop(); };
  EXPECT_THROW(compare(R"({"tables": {"t": {}}})"), Cancelled);
}

TEST_F(RowsFailClosed, WhenAPolicyHidesRows) {
  make_tables(3);
  new_side(R"(CREATE ROLE reader LOGIN; GRANT SELECT ON t TO reader; ALTER TABLE t ENABLE ROW LEVEL SECURITY;
              CREATE POLICY two_of_three ON t USING (id < 3))");
  std::string url = new_url();
  context().stores["new"] = url.replace(url.find("sluice@"), 7, "reader@");
  EXPECT_THAT(compare_error<InputError>(R"({"tables": {"t": {}}})"), HasSubstr("row-level security"));
}

TEST_F(RowsFailClosed, WhenPostgresDiesHalfway) {
  make_tables(100'000);
  bool killed = false;
  context().progress = [&](const Progress& progress) {
    if (progress.done < 5000 || std::exchange(killed, true)) return;
    cluster().crash();
  };
  const std::string error = compare_error<EnvironmentError>(R"({"tables": {"t": {}}, "strategy": "merge"})");
  EXPECT_TRUE(killed);
  EXPECT_THAT(error, AllOf(HasSubstr("postgresql://"), HasSubstr("reading table t")));
  RowsFixture::TearDownTestSuite();
  RowsFixture::SetUpTestSuite();
}

}  // namespace
}  // namespace sluice::migration
