// Real clients talk to a real PostgreSQL through the proxy.
#include "harness/net/postgres_proxy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <future>
#include <pqxx/pqxx>
#include <thread>

#include "harness/testing/check_context.hpp"
#include "harness/testing/postgres_cluster.hpp"

namespace sluice::net {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Proxy : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { cluster_ = std::make_unique<testing::PostgresCluster>(); }
  static void TearDownTestSuite() { cluster_.reset(); }

  void SetUp() override {
    database_ = "test" + std::to_string(++databases_);
    cluster_->execute("CREATE DATABASE " + database_);
    cluster_->execute("CREATE TABLE t (id int PRIMARY KEY, text text)", database_);
  }

  // The folder of the cluster's socket, from a URL such as postgresql://sluice@%2Ftmp%2Fslpg-x/test1.
  static std::string server_folder() {
    std::string host = cluster_->url("");
    host = host.substr(host.find('@') + 1);
    host.pop_back();
    for (auto at = host.find("%2F"); at != std::string::npos; at = host.find("%2F")) host.replace(at, 3, "/");
    return host;
  }
  std::unique_ptr<PostgresProxy> proxy(StatementLedger& ledger) const {
    PostgresProxyOptions options;
    options.server.host = server_folder();
    options.databases = {{"app", database_}, {"restored", database_ + "_restored"}};
    options.socket_folder = folder_.path();
    return std::make_unique<PostgresProxy>(options, ledger);
  }
  // Over the unix socket; the proxy turns `app` into this test's database.
  std::string socket_options() const { return "host=" + folder_.path().string() + " user=sluice dbname=app"; }
  static std::string tcp_options(const PostgresProxy& proxy) {
    return "host=127.0.0.1 port=" + std::to_string(proxy.tcp_port()) + " user=sluice dbname=app";
  }
  std::vector<std::string> rows() const { return cluster_->query("SELECT id || text FROM t ORDER BY id", database_); }

  static int shell(const std::string& command) {
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  static std::unique_ptr<testing::PostgresCluster> cluster_;
  static int databases_;
  testing::TemporaryFolder folder_;
  std::string database_;
};
std::unique_ptr<testing::PostgresCluster> Proxy::cluster_;
int Proxy::databases_ = 0;

std::vector<std::string> texts(const StatementLedger& ledger) {
  std::vector<std::string> all;
  for (const auto& record : ledger.records()) all.push_back(record.text);
  return all;
}

TEST_F(Proxy, ServesLibpqxxOverItsUnixSocketAndRecordsEachStatement) {
  StatementLedger ledger;
  const auto between = proxy(ledger);
  {
    pqxx::connection connection(socket_options());
    connection.prepare("ins", "INSERT INTO t VALUES ($1, $2)");
    pqxx::work transaction(connection);
    transaction.exec_prepared("ins", 1, "a");
    transaction.exec_params("INSERT INTO t VALUES ($1, $2)", 2, "b");
    transaction.commit();
  }
  EXPECT_THAT(rows(), ElementsAre("1a", "2b"));
  const auto records = ledger.records();
  ASSERT_FALSE(records.empty());
  EXPECT_EQ(records.back().end.tag, "COMMIT");
  EXPECT_TRUE(records.back().end.committed);
  EXPECT_EQ(std::count_if(records.begin(), records.end(), [](const auto& r) { return r.end.committed; }), 1);
  EXPECT_THAT(between->problems(), IsEmpty());
  const auto all = texts(ledger);
  EXPECT_EQ(std::count(all.begin(), all.end(), "INSERT INTO t VALUES ($1, $2)"), 2);
}

TEST_F(Proxy, LeadsToNoOtherDatabase) {
  StatementLedger ledger;
  const auto between = proxy(ledger);
  try {
    pqxx::connection connection("host=" + folder_.path().string() + " user=sluice dbname=" + database_);
    ADD_FAILURE() << "connected";
  } catch (const pqxx::broken_connection& refused) {
    EXPECT_THAT(refused.what(), HasSubstr("this proxy does not lead to the database \"" + database_ + "\""));
  }
  EXPECT_EQ(ledger.statements(), 0u);
  while (between->problems().empty()) std::this_thread::yield();
  EXPECT_THAT(between->problems().front(), HasSubstr("asked for the database " + database_));
}

TEST_F(Proxy, ServesPsqlWithCopyInBothDirectionsOverTcp) {
  StatementLedger ledger;
  const auto between = proxy(ledger);
  const auto data = folder_.write("rows.tsv", "1\tone\n2\ttwo\n3\tthree\n");
  const auto back = folder_.path() / "back.tsv";
  const auto script = folder_.write("script.sql", "\\copy t from '" + data.string() + "'\n\\copy t to '" +
                                                      back.string() + "'\nUPDATE t SET text = 'x' WHERE id = 3;\n");
  ASSERT_EQ(shell("psql -qX -v ON_ERROR_STOP=1 '" + tcp_options(*between) + "' -f " + script.string()), 0);
  EXPECT_THAT(rows(), ElementsAre("1one", "2two", "3x"));
  EXPECT_EQ(shell("cmp " + data.string() + " " + back.string()), 0);
  EXPECT_EQ(ledger.statements(), 3u);
  EXPECT_THAT(texts(ledger)[0], HasSubstr("COPY  t"));
}

TEST_F(Proxy, CarriesADumpAndItsRestoreUnchanged) {
  cluster_->execute("INSERT INTO t SELECT i, repeat(chr(200 + i % 1000), i % 3000) FROM generate_series(1, 5000) i",
                    database_);
  cluster_->execute("CREATE DATABASE " + database_ + "_restored");
  StatementLedger ledger;
  const auto between = proxy(ledger);
  const std::string dump = (folder_.path() / "dump").string();
  ASSERT_EQ(shell("pg_dump -Fc -f " + dump + " '" + tcp_options(*between) + "'"), 0);
  ASSERT_EQ(shell("pg_restore -d 'host=127.0.0.1 user=sluice port=" + std::to_string(between->tcp_port()) +
                  " dbname=restored' " + dump),
            0);
  const std::string digest = "SELECT count(*) || md5(string_agg(t::text, '' ORDER BY id)) FROM t";
  EXPECT_EQ(cluster_->query(digest, database_ + "_restored"), cluster_->query(digest, database_));
}

TEST_F(Proxy, CutsBeforeAStatementSoThatTheServerNeverSeesIt) {
  StatementLedger ledger([](const StatementPoint& point) {
    return point.text.starts_with("INSERT INTO t VALUES (2") ? PointDecision::cut : PointDecision::pass;
  });
  const auto between = proxy(ledger);
  pqxx::connection connection(socket_options());
  pqxx::nontransaction transaction(connection);
  transaction.exec("INSERT INTO t VALUES (1, 'a')");
  EXPECT_THROW(transaction.exec("INSERT INTO t VALUES (2, 'b')"), pqxx::broken_connection);
  EXPECT_THAT(rows(), ElementsAre("1a"));
  EXPECT_TRUE(ledger.is_cut());
  EXPECT_THROW(pqxx::connection again(socket_options()), pqxx::broken_connection);
}

TEST_F(Proxy, CutsAtACommitWhoseAnswerTheClientNeverGets) {
  std::vector<std::string> at_the_point;
  StatementLedger ledger([&](const StatementPoint& point) {
    if (point.kind != PointKind::commit) return PointDecision::pass;
    at_the_point = rows();
    return PointDecision::cut;
  });
  const auto between = proxy(ledger);
  pqxx::connection connection(socket_options());
  EXPECT_ANY_THROW({
    pqxx::work transaction(connection);
    transaction.exec("INSERT INTO t VALUES (1, 'a')");
    transaction.commit();
  });
  EXPECT_THAT(at_the_point, ElementsAre("1a")) << "the commit was not durable at its point";
}

TEST_F(Proxy, HoldsAPointWhileTheHookThinks) {
  std::promise<void> reached, go_on;
  StatementLedger ledger([&](const StatementPoint& point) {
    if (point.kind == PointKind::before && point.text.starts_with("INSERT")) {
      reached.set_value();
      go_on.get_future().wait();
    }
    return PointDecision::pass;
  });
  const auto between = proxy(ledger);
  std::thread client([&] {
    pqxx::connection connection(socket_options());
    pqxx::nontransaction(connection).exec("INSERT INTO t VALUES (1, 'a')");
  });
  reached.get_future().wait();
  EXPECT_THAT(rows(), IsEmpty());
  go_on.set_value();
  client.join();
  EXPECT_THAT(rows(), ElementsAre("1a"));
}

TEST_F(Proxy, NumbersTheStatementsOfManyConnectionsWithoutGaps) {
  std::vector<std::uint64_t> numbers;
  StatementLedger ledger([&](const StatementPoint& point) {
    if (point.kind == PointKind::before) numbers.push_back(point.statement);
    return PointDecision::pass;
  });
  const auto between = proxy(ledger);
  std::vector<std::thread> clients;
  for (int c = 0; c < 8; ++c) {
    clients.emplace_back([&, c] {
      pqxx::connection connection(socket_options());
      for (int i = 0; i < 25; ++i) {
        pqxx::work transaction(connection);
        transaction.exec_params("INSERT INTO t VALUES ($1, $2)", c * 100 + i, std::string(20'000, 'x'));
        transaction.commit();
      }
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(cluster_->query("SELECT count(*) FROM t", database_), std::vector<std::string>{"200"});
  ASSERT_EQ(numbers.size(), 600u);
  for (std::size_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], i + 1);
  const auto records = ledger.records();
  EXPECT_EQ(std::count_if(records.begin(), records.end(), [](const auto& r) { return r.end.committed; }), 200);
  EXPECT_EQ(between->connections(), 8u);
}

TEST_F(Proxy, PassesACancelRequestToTheServer) {
  std::promise<void> running;
  StatementLedger ledger;
  const auto between = proxy(ledger);
  pqxx::connection connection(socket_options());
  std::thread canceller([&] {
    while (cluster_->query("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(6%' "
                           "AND query NOT LIKE '%activity%'") != std::vector<std::string>{"1"}) {
    }
    connection.cancel_query();
  });
  pqxx::nontransaction transaction(connection);
  EXPECT_THROW(transaction.exec("SELECT pg_sleep(60)"), pqxx::sql_error);
  canceller.join();
  EXPECT_EQ(ledger.records().back().end.sqlstate, "57014");
}

TEST_F(Proxy, SaysThatTheServerIsAway) {
  StatementLedger ledger;
  PostgresProxyOptions options;
  options.server.host = folder_.path().string();
  PostgresProxy between(options, ledger);
  EXPECT_THROW(pqxx::connection connection(tcp_options(between)), pqxx::broken_connection);
  EXPECT_THAT(between.problems(), Contains(HasSubstr("does not answer")));
}

}  // namespace
}  // namespace sluice::net
