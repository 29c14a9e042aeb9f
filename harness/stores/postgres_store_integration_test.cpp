#include <gmock/gmock.h>
#include <libpq-fe.h>

#include <stop_token>
#include <thread>

#include "harness/core/errors.hpp"
#include "harness/stores/store.hpp"
#include "harness/testing/postgres_cluster.hpp"

namespace sluice::stores {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PostgresStore : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { cluster_ = std::make_unique<testing::PostgresCluster>(); }
  static void TearDownTestSuite() { cluster_.reset(); }
  void SetUp() override {
    cluster_->execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA IF EXISTS other CASCADE");
  }

  static std::vector<std::vector<std::string>> rows(Store& store, const std::string& table) {
    const auto description = store.describe(table);
    ScanSpec spec{.table = description, .columns = description.columns, .key_columns = 1};
    for (const auto& column : description.columns) spec.rules.push_back({.type = column.type});
    const auto cursor = store.scan(spec);
    std::vector<std::vector<std::string>> all;
    for (RawRow row; cursor->next(row);) {
      auto& copied = all.emplace_back();
      for (const auto& cell : row) copied.push_back(printable_cell(cell));
    }
    return all;
  }

  static std::unique_ptr<testing::PostgresCluster> cluster_;
};
std::unique_ptr<testing::PostgresCluster> PostgresStore::cluster_;

TEST_F(PostgresStore, DescribesColumnsThroughDomainsAndTheKeyInItsOrder) {
  cluster_->execute(R"(CREATE DOMAIN d1 AS numeric(9,2); CREATE DOMAIN d2 AS d1;
                       CREATE TABLE t (a text NOT NULL, price d2, "Odd ""Name" timestamptz, f real,
                                       PRIMARY KEY ("Odd ""Name", a)))");
  const auto store = open_store(cluster_->url());
  EXPECT_THAT(store->tables(), ElementsAre("t"));
  const auto t = store->describe("t");
  EXPECT_EQ(t.sql_name, "public.t");
  EXPECT_THAT(t.primary_key, ElementsAre("Odd \"Name", "a"));
  ASSERT_EQ(t.columns.size(), 4u);
  EXPECT_EQ(t.columns[1].declared, "d2");
  EXPECT_EQ(t.columns[1].type, ComparisonType::decimal);
  EXPECT_FALSE(t.columns[0].nullable);
  EXPECT_TRUE(t.columns[3].single_precision);
}

TEST_F(PostgresStore, ReadsEveryValueExactly) {
  cluster_->execute(
      R"(CREATE TABLE t (id bigint PRIMARY KEY, f double precision, at timestamptz, b bytea, s text, j jsonb);
      INSERT INTO t VALUES (9007199254740993, 0.1::float8 + 0.2::float8, '2026-07-01 12:00:00.25+02', '\x00ff',
                            E'tab\tnewline\nbackslash\\N', '{"a": 1.10}'), (1, 'NaN', 'infinity', '', '', NULL))");
  const auto store = open_store(cluster_->url());
  EXPECT_THAT(rows(*store, "t"),
              ElementsAre(ElementsAre("1", "NaN", "infinity", "x''", "", "NULL"),
                          ElementsAre("9007199254740993", "0.30000000000000004", "2026-07-01 10:00:00.25+00", "x'00ff'",
                                      "tab\\tnewline\\nbackslash\\\\N", "{\"a\": 1.10}")));
}

TEST_F(PostgresStore, FindsTablesOfOtherSchemas) {
  cluster_->execute("CREATE SCHEMA other; CREATE TABLE other.t (id int PRIMARY KEY); INSERT INTO other.t VALUES (5)");
  const auto store = open_store(cluster_->url());
  EXPECT_THAT(store->tables(), ElementsAre("other.t"));
  EXPECT_THAT(rows(*store, "other.t"), ElementsAre(ElementsAre("5")));
  EXPECT_THROW(store->describe("t"), InputError);
}

TEST_F(PostgresStore, KeepsItsSnapshotWhileAnotherWrites) {
  cluster_->execute("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  const auto store = open_store(cluster_->url());
  store->begin_snapshot();
  cluster_->execute("INSERT INTO t VALUES (2)");
  EXPECT_EQ(rows(*store, "t").size(), 1u);
  store->end_snapshot();
  EXPECT_EQ(rows(*store, "t").size(), 2u);
}

TEST_F(PostgresStore, SeesThatItsConnectionWasTerminated) {
  cluster_->execute(
      "CREATE TABLE t (id int PRIMARY KEY, s text); INSERT INTO t SELECT i, repeat('x', 500) FROM generate_series(1, "
      "50000) i");
  const auto store = open_store(cluster_->url());
  const auto description = store->describe("t");
  const auto cursor = store->scan({.table = description,
                                   .columns = description.columns,
                                   .rules = {{.type = ComparisonType::integer}, {.type = ComparisonType::text}},
                                   .key_columns = 1});
  RawRow row;
  ASSERT_TRUE(cursor->next(row));
  cluster_->query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sluice'");
  const auto read_all = [&] {
    while (cursor->next(row)) {
    }
  };
  EXPECT_THROW(read_all(), EnvironmentError);
}

TEST_F(PostgresStore, TimesOutOnALockThatAnotherHolds) {
  cluster_->execute("CREATE TABLE t (id int PRIMARY KEY)");
  const auto store = open_store(cluster_->url(), {.lock_timeout = std::chrono::milliseconds(100)});
  const auto description = store->describe("t");
  const std::unique_ptr<PGconn, decltype(&PQfinish)> holder(PQconnectdb(cluster_->url().c_str()), &PQfinish);
  PQclear(PQexec(holder.get(), "BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE"));
  ASSERT_EQ(PQtransactionStatus(holder.get()), PQTRANS_INTRANS);
  try {
    store->scan({.table = description,
                 .columns = description.columns,
                 .rules = {{.type = ComparisonType::integer}},
                 .key_columns = 1});
    FAIL() << "was read";
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("reading table t"), HasSubstr("lock timeout")));
  }
}

// Waits on the server, for at most ten seconds, until the number of statements of sluice that sleep is `count`.
void wait_for_sleepers(const testing::PostgresCluster& cluster, int count) {
  const std::string sleepers =
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sluice' AND wait_event = 'PgSleep'";
  cluster.execute("DO $$ BEGIN FOR i IN 1..1000 LOOP PERFORM pg_stat_clear_snapshot(); EXIT WHEN (" + sleepers +
                  ") = " + std::to_string(count) + "; PERFORM pg_sleep(0.01); END LOOP; END $$");
  EXPECT_EQ(cluster.query(sleepers), std::vector<std::string>{std::to_string(count)});
}

TEST_F(PostgresStore, IsCancelledWhileTheServerIsBusyAndLeavesNoStatementBehind) {
  cluster_->execute("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  std::stop_source source;
  {
    const auto store = open_store(cluster_->url(), {.cancelled = source.get_token()});
    const auto description = store->describe("t");
    const std::jthread canceller([&] {
      wait_for_sleepers(*cluster_, 1);
      source.request_stop();
    });
    EXPECT_THROW(store->scan({.table = description,
                              .columns = description.columns,
                              .rules = {{.type = ComparisonType::integer}},
                              .key_columns = 1,
                              .where = "pg_sleep(60) IS NOT NULL"}),
                 Cancelled);
  }
  wait_for_sleepers(*cluster_, 0);
}

TEST_F(PostgresStore, SaysWhichDatabaseIsNotThere) {
  try {
    open_store(cluster_->url("nowhere"));
    FAIL() << "was opened";
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("/nowhere"), HasSubstr("connecting"), HasSubstr("does not exist")));
  }
}

}  // namespace
}  // namespace sluice::stores
