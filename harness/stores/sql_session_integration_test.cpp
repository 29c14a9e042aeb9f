#include "harness/stores/sql_session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/core/errors.hpp"
#include "harness/testing/check_context.hpp"
#include "harness/testing/postgres_cluster.hpp"
#include "harness/testing/sqlite_file.hpp"

namespace sluice::stores {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class SqlSessions : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { cluster_ = std::make_unique<testing::PostgresCluster>(); }
  static void TearDownTestSuite() { cluster_.reset(); }
  void SetUp() override {
    const std::string rows = "INSERT INTO t VALUES (1, 'one'), (2, NULL), (3, 'three')";
    file_.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT); " + rows);
    cluster_->execute("DROP TABLE IF EXISTS t; CREATE TABLE t (id bigint PRIMARY KEY, s text); " + rows);
  }
  std::vector<std::string> urls() const { return {file_.url(), cluster_->url()}; }
  static std::unique_ptr<SqlSession> open(const std::string& url) { return open_sql_session(url); }
  template <typename Call>
  static std::string input_error(Call&& call) {
    try {
      call();
    } catch (const InputError& error) {
      return error.what();
    }
    return "no InputError";
  }

  static std::unique_ptr<testing::PostgresCluster> cluster_;
  testing::TemporaryFolder folder_;
  testing::SqliteFile file_{folder_.path() / "a.db"};
};
std::unique_ptr<testing::PostgresCluster> SqlSessions::cluster_;

TEST_F(SqlSessions, KeepRowsUpToTheLimitAndCountTheRest) {
  for (const auto& url : urls()) {
    const auto session = open(url);
    session->begin_read();
    const auto all = session->query("SELECT id, s FROM t ORDER BY id", {}, "testing");
    EXPECT_EQ(all.total, 3u);
    EXPECT_EQ(all.text(0, 0), "1");
    EXPECT_EQ(all.text(1, 1), std::nullopt);
    EXPECT_EQ(all.columns[0].type, ComparisonType::integer);
    EXPECT_EQ(all.columns[1].name, "s");
    EXPECT_EQ(all.find("S"), 1u);
    const auto some = session->query("SELECT id FROM t ORDER BY id", {.rows = 2}, "testing");
    EXPECT_EQ(some.rows.size(), 2u);
    EXPECT_EQ(some.total, 3u);
    EXPECT_EQ(session->query("SELECT id FROM t WHERE id > 9", {}, "testing").total, 0u);
    session->roll_back();
  }
}

TEST_F(SqlSessions, ReadNothingButQueries) {
  for (const auto& url : urls()) {
    const auto session = open(url);
    for (const auto* const sql :
         {"DELETE FROM t", "SELECT 1; DELETE FROM t", "WITH gone AS (DELETE FROM t RETURNING id) SELECT * FROM gone"}) {
      session->begin_read();
      EXPECT_THROW(session->query(sql, {}, "running it"), std::runtime_error) << url << " " << sql;
      session->roll_back();
    }
    session->begin_read();
    EXPECT_EQ(session->query("SELECT id FROM t", {}, "testing").total, 3u);
    session->roll_back();
  }
}

TEST_F(SqlSessions, TakeATrialBack) {
  for (const auto& url : urls()) {
    const auto session = open(url);
    session->begin_trial(std::chrono::seconds(2));
    session->execute("INSERT INTO t VALUES (4, 'four')", "planting");
    session->execute("CREATE TABLE more (id INT)", "planting");
    EXPECT_EQ(session->query("SELECT id FROM t", {}, "testing").total, 4u);
    session->roll_back();
    session->begin_read();
    EXPECT_EQ(session->query("SELECT id FROM t", {}, "testing").total, 3u);
    EXPECT_THAT(input_error([&] { session->query("SELECT * FROM more", {}, "looking"); }),
                AllOf(HasSubstr("looking"), HasSubstr("more")));
  }
}

TEST_F(SqlSessions, RefuseToEndATrial) {
  for (const auto& url : urls()) {
    const auto session = open(url);
    session->begin_trial(std::chrono::seconds(2));
    session->execute("DELETE FROM t", "planting");
    for (const auto* const sql : {"COMMIT", " -- so\n end", "/* a /* b */ */ Commit;", "SAVEPOINT a"}) {
      EXPECT_THAT(input_error([&] { session->execute(sql, "planting"); }), HasSubstr("always rolled back")) << sql;
    }
    session->roll_back();
    session->begin_read();
    EXPECT_EQ(session->query("SELECT id FROM t", {}, "testing").total, 3u);
    session->roll_back();
  }
}

TEST_F(SqlSessions, RefuseMoreBytesThanAreAllowed) {
  for (const auto& url : urls()) {
    const auto session = open(url);
    session->begin_read();
    EXPECT_THAT(input_error([&] { session->query("SELECT s FROM t", {.rows = 10, .bytes = 100}, "reading"); }),
                HasSubstr("select fewer"));
  }
}

TEST_F(SqlSessions, EndAStatementThatTakesTooLong) {
  const std::string endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
  StoreOptions impatient;
  impatient.statement_timeout = std::chrono::milliseconds(500);
  for (const auto& url : urls()) {
    const auto session = open_sql_session(url, impatient);
    session->begin_read();
    EXPECT_THROW(session->query(endless, {}, "waiting"), EnvironmentError) << url;
  }
}

TEST_F(SqlSessions, ShowACommandLineWithoutPasswords) {
  EXPECT_THAT(open(cluster_->url())->command_line("SELECT 'a b'"),
              AllOf(HasSubstr("psql postgresql://"), HasSubstr("-c")));
  EXPECT_THAT(open(file_.url())->command_line("SELECT 1"), AllOf(HasSubstr("sqlite3 -readonly "), HasSubstr("a.db")));
}

TEST_F(SqlSessions, DecodeBytes) {
  const auto session = open(cluster_->url());
  session->begin_read();
  const auto result = session->query("SELECT '\\x00ff'::bytea AS b", {}, "testing");
  EXPECT_EQ(result.rows[0][0].view().bytes, std::string_view("\0\xff", 2));
  session->roll_back();
}

}  // namespace
}  // namespace sluice::stores
