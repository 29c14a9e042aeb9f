#include "harness/stores/postgres_clone.hpp"

#include <gmock/gmock.h>
#include <libpq-fe.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <future>

#include "harness/core/errors.hpp"
#include "harness/stores/clone_owner.hpp"
#include "harness/testing/postgres_cluster.hpp"

namespace sluice::stores {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

struct Finish {
  void operator()(PGconn* handle) const { PQfinish(handle); }
};
using Session = std::unique_ptr<PGconn, Finish>;

class PostgresCloneTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    cluster_ = std::make_unique<testing::PostgresCluster>();
    cluster_->execute("CREATE DATABASE \"the source\"");
    cluster_->execute("CREATE TABLE t AS SELECT 1 AS x", encoded);
  }
  static void TearDownTestSuite() { cluster_.reset(); }

  static Session connect(const std::string& url) {
    Session session(PQconnectdb(url.c_str()));
    EXPECT_EQ(PQstatus(session.get()), CONNECTION_OK);
    return session;
  }
  static std::vector<std::string> clones() {
    return cluster_->query("SELECT datname FROM pg_database WHERE datname LIKE 'sluice\\_clone\\_%'");
  }
  static std::string source() { return cluster_->url(encoded) + "?application_name=a%20service"; }
  static std::string error_of(const CloneOptions& options, const std::string& url = source()) {
    try {
      const PostgresClone clone(url, options);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }

  static constexpr const char* encoded = "the%20source";
  static std::unique_ptr<testing::PostgresCluster> cluster_;
};
std::unique_ptr<testing::PostgresCluster> PostgresCloneTest::cluster_;

TEST_F(PostgresCloneTest, HoldsWhatTheTemplateHoldsAndChangesApart) {
  const PostgresClone clone(source());
  const PostgresClone other(source());
  EXPECT_NE(clone.database(), other.database());
  EXPECT_EQ(clone.url(), cluster_->url(clone.database()) + "?application_name=a%20service");
  cluster_->execute("UPDATE t SET x = 2", clone.database());
  EXPECT_THAT(cluster_->query("SELECT x FROM t", clone.database()), ElementsAre("2"));
  EXPECT_THAT(cluster_->query("SELECT x FROM t", other.database()), ElementsAre("1"));
  EXPECT_THAT(cluster_->query("SELECT x FROM t", encoded), ElementsAre("1"));
}

TEST_F(PostgresCloneTest, GoesWithItsSessions) {
  Session session;
  {
    const PostgresClone clone(source());
    session = connect(clone.url());
    EXPECT_EQ(clones().size(), 1u);
  }
  EXPECT_TRUE(clones().empty());
}

TEST_F(PostgresCloneTest, GoesWhenTheCheckIsCancelled) {
  std::stop_source stop;
  {
    CloneOptions options;
    options.connection.cancelled = stop.get_token();
    const PostgresClone clone(source(), options);
    EXPECT_EQ(clones().size(), 1u);
    stop.request_stop();
  }
  EXPECT_TRUE(clones().empty());
}

TEST_F(PostgresCloneTest, NamesTheSessionsThatAreInTheWay) {
  const Session session = connect(source());
  EXPECT_THAT(error_of({}),
              AllOf(HasSubstr("database the source cannot be cloned while others are connected to it: pid " +
                              std::to_string(PQbackendPID(session.get()))),
                    HasSubstr("application a service, idle. Close them first")));
  EXPECT_TRUE(clones().empty());
}

TEST_F(PostgresCloneTest, WaitsForSessionsWhenAsked) {
  Session session = connect(source());
  EXPECT_THAT(error_of({.sessions = TemplateSessions::wait, .patience = 50ms, .connection = {}}),
              HasSubstr("They were still there after 50 ms"));
  auto cloned = std::async(std::launch::async, [] {
    return PostgresClone(source(), {.sessions = TemplateSessions::wait, .patience = 60s, .connection = {}}).database();
  });
  EXPECT_EQ(cloned.wait_for(100ms), std::future_status::timeout);
  session.reset();
  EXPECT_THAT(cloned.get(), HasSubstr("sluice_clone_"));
}

TEST_F(PostgresCloneTest, DropsWhatAKilledProcessLeft) {
  std::string left = clone_prefix();
  left.insert(left.size() - 1, "1");  // as of a process of this number that started at another time
  cluster_->execute("CREATE DATABASE " + left + "00c0ffee");
  cluster_->execute("CREATE DATABASE sluice_clone_of_somebody");
  {
    const PostgresClone clone(source());
    EXPECT_THAT(clones(), UnorderedElementsAre(clone.database(), "sluice_clone_of_somebody"));
  }
  cluster_->execute("DROP DATABASE sluice_clone_of_somebody");
}

// A real process that is killed while it has a clone.
TEST_F(PostgresCloneTest, DropsTheCloneOfAProcessThatWasKilledAndNoOther) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const PostgresClone clone(source());
    const std::string name = clone.database();
    const bool written = write(ends[1], name.data(), name.size()) == static_cast<ssize_t>(name.size());
    while (written) pause();
    _exit(1);
  }
  close(ends[1]);
  std::string left(200, '\0');
  const auto size = read(ends[0], left.data(), left.size());
  close(ends[0]);
  left.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  EXPECT_THAT(clones(), ElementsAre(left));
  {
    const PostgresClone beside(source());
    EXPECT_THAT(clones(), UnorderedElementsAre(left, beside.database())) << "its process lives";
  }
  EXPECT_EQ(kill(child, SIGKILL), 0);
  siginfo_t end{};
  EXPECT_EQ(waitid(P_PID, static_cast<id_t>(child), &end, WEXITED | WNOWAIT), 0);
  EXPECT_THAT(clones(), ElementsAre(left)) << "nobody dropped it";
  {
    const PostgresClone next(source());
    EXPECT_THAT(clones(), ElementsAre(next.database())) << "it is dead, though nobody has asked for its exit code";
  }
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
}

TEST_F(PostgresCloneTest, StopsWaitingWhenCancelled) {
  const Session session = connect(source());
  std::stop_source stop;
  CloneOptions options{.sessions = TemplateSessions::wait, .patience = 1h, .connection = {}};
  options.connection.cancelled = stop.get_token();
  auto cloned = std::async(std::launch::async, [&] { const PostgresClone clone(source(), options); });
  EXPECT_EQ(cloned.wait_for(100ms), std::future_status::timeout);
  stop.request_stop();
  EXPECT_THROW(cloned.get(), Cancelled);
}

TEST_F(PostgresCloneTest, TerminatesSessionsWhenAsked) {
  const Session session = connect(source());
  const PostgresClone clone(source(), {.sessions = TemplateSessions::terminate, .patience = 60s, .connection = {}});
  EXPECT_THAT(cluster_->query("SELECT x FROM t", clone.database()), ElementsAre("1"));
  PGresult* const result = PQexec(session.get(), "SELECT 1");
  EXPECT_EQ(PQresultStatus(result), PGRES_FATAL_ERROR);
  PQclear(result);
}

TEST_F(PostgresCloneTest, ClonesTheMaintenanceDatabaseToo) {
  const PostgresClone clone(cluster_->url("postgres"));
  EXPECT_THAT(cluster_->query("SELECT 1", clone.database()), ElementsAre("1"));
}

TEST_F(PostgresCloneTest, RefusesWhatNamesNoDatabase) {
  EXPECT_THROW(PostgresClone("sqlite:a.db"), InputError);
  EXPECT_THROW(PostgresClone("postgresql://sluice@localhost"), InputError);
  EXPECT_THROW(PostgresClone("postgresql://sluice@localhost/a?dbname=b"), InputError);
  EXPECT_THAT(error_of({}, "postgresql://u:geheim@localhost"), ::testing::Not(HasSubstr("geheim")));
  EXPECT_THAT(error_of({}, cluster_->url("none")), HasSubstr("template database \"none\" does not exist"));
}

}  // namespace
}  // namespace sluice::stores
