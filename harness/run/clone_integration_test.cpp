// The store `before`: taken before a phase's first action, gone at its end.
#include <gmock/gmock.h>

#include "harness/core/errors.hpp"
#include "harness/run/testing/scripted_run.hpp"
#include "harness/stores/sql_session.hpp"
#include "harness/testing/postgres_cluster.hpp"
#include "harness/testing/sqlite_file.hpp"

namespace sluice::run {
namespace {

using ::testing::HasSubstr;

/// Passes when the tables `t` of both sides have the same number of rows, and says which stores it saw.
class CountingCheck final : public Check {
 public:
  explicit CountingCheck(const Parameters& parameters) : parameters_(parameters) {}
  void prepare(CheckContext&) override {}
  void exercise(CheckContext& context) override {
    for (const char* side : {"old", "new"}) {
      const std::string& url = context.store(parameters_.text(side));
      const auto session = stores::open_sql_session(url, {.directory = context.plan_directory});
      session->begin_read();
      counts_ += url + "=" + *session->query("SELECT count(*) FROM t", {}, "counting").text(0, 0) + " ";
      session->roll_back();
    }
  }
  Outcome judge(CheckContext&) override {
    Outcome outcome = Outcome::passed(counts_);
    outcome.coverage = {{.unit = "tables", .examined = 2}};
    return outcome;
  }
  Control control(CheckContext&) override { return {.planted = "a row", .caught = true}; }

 private:
  Parameters parameters_;
  std::string counts_;
};

std::vector<CheckKind> counting_kinds() {
  CheckKind kind{.name = "test.count", .proves = "how many rows there are", .cannot_prove = "anything"};
  kind.parameters = {{.name = "old", .doc = "", .default_text = "old"},
                     {.name = "new", .doc = "", .default_text = "new"}};
  kind.needs_stores = true;
  kind.make = [](const Parameters& parameters) { return std::make_unique<CountingCheck>(parameters); };
  return {kind};
}

class CloneTest : public testing::RunnerTest {
 protected:
  void SetUp() override { kinds_ = counting_kinds(); }
  std::string plan(const std::string& url, const std::string& action, const std::string& clone = "{ clone: new }") {
    return "stores: { new: \"" + url + "\", before: " + clone + " }\nactions: { step: { command: [sh, -c, '" + action +
           "'] } }\nchecks: { a: { kind: test.count, old: before } }\n"
           "phases: [ { name: p, enter: [step], after: [a] } ]\n";
  }
};

TEST_F(CloneTest, OfAFileIsWhatItWasBeforeTheFirstAction) {
  const sluice::testing::SqliteFile file(folder_.path() / "app.db");
  file.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
  const auto result = run(plan("sqlite:app.db",
                               "python3 -c \"import sqlite3; c = sqlite3.connect(\\\"app.db\\\"); "
                               "c.execute(\\\"DELETE FROM t WHERE id = 1\\\"); c.commit()\""));
  EXPECT_EQ(result.decision, Decision::go) << result.deciding_rule;
  const std::string& counts = result.phases.at(0).checks.at(0).outcome.reason;
  EXPECT_THAT(counts, HasSubstr("=2 sqlite:app.db=1 "));
  const std::string clone = counts.substr(7, counts.find('=') - 7);
  EXPECT_FALSE(std::filesystem::exists(clone)) << clone;
}

// A run ends every child of its process, the test's own server too: what is left is asked for within the run.
TEST_F(CloneTest, OfADatabaseIsDroppedAtTheEndOfThePhase) {
  const sluice::testing::PostgresCluster cluster;
  cluster.execute("CREATE DATABASE app");
  cluster.execute("CREATE TABLE t (id int); INSERT INTO t VALUES (1), (2), (3)", "app");
  const std::string psql = "psql -qAt \\\"" + cluster.url("app") + "\\\" -c ";
  const auto result = run(
      "stores: { old: \"" + cluster.url("app") + "\", new: \"" + cluster.url("app") +
      "\", before: { clone: new } }\nactions:\n" + "  step: { command: [sh, -c, \"" + psql +
      "'DELETE FROM t WHERE id = 1'\"] }\n" + "  look: { command: [sh, -c, \"" + psql +
      "'SELECT datname FROM pg_database' >> order\"] }\n" +
      "checks: { a: { kind: test.count, old: before }, b: { kind: test.count, old: new } }\n" +
      "phases: [ { name: p, enter: [step, look], after: [a] }, { name: q, needs: [p], enter: [look], after: [b] } ]\n");
  ASSERT_EQ(result.phases.size(), 2u) << result.deciding_rule << result.environment_failure;
  const std::string& counts = result.phases.at(0).checks.at(0).outcome.reason;
  EXPECT_THAT(counts, ::testing::MatchesRegex(".*sluice_clone_.*=3 .*app=2 "));
  const std::string databases = order();
  const auto first = databases.find("sluice_clone_");
  EXPECT_NE(first, std::string::npos) << databases;
  EXPECT_EQ(databases.find("sluice_clone_", first + 1), std::string::npos) << databases;
}

TEST_F(CloneTest, ThatCannotBeTakenKeepsThePhaseFromBeingEntered) {
  const sluice::testing::PostgresCluster cluster;
  cluster.execute("CREATE DATABASE app");
  cluster.execute("CREATE ROLE plain LOGIN; CREATE TABLE t (id int)", "app");
  std::string url = cluster.url("app");
  url.replace(url.find("sluice@"), 7, "plain@");
  const auto result = run(plan(url, "echo stepped >> order"));
  EXPECT_NE(result.decision, Decision::go);
  EXPECT_THAT(result.environment_failure, HasSubstr("could not be cloned before phase p, which was not entered"));
  EXPECT_THAT(result.environment_failure, HasSubstr("its role needs CREATEDB"));
  EXPECT_EQ(order(), "");
  EXPECT_TRUE(result.phases.at(0).checks.empty());
}

class BusyCloneTest : public CloneTest {
 protected:
  RunResult run_busy(const std::string& clone) {
    const sluice::testing::PostgresCluster cluster;
    cluster.execute("CREATE DATABASE app");
    cluster.execute("CREATE TABLE t (id int)", "app");
    const auto busy = stores::open_sql_session(cluster.url("app"));
    busy->begin_read();
    return run(plan(cluster.url("app"), "true", clone));
  }
};

TEST_F(BusyCloneTest, NamesWhoIsThere) {
  EXPECT_THAT(run_busy("{ clone: new, sessions: wait, patience: 50ms }").environment_failure,
              HasSubstr("while others are connected to it"));
}

TEST_F(BusyCloneTest, EndsTheirSessionsWhenAskedTo) {
  const auto result = run_busy("{ clone: new, sessions: terminate }");
  EXPECT_EQ(result.decision, Decision::go) << result.deciding_rule << result.environment_failure;
}

}  // namespace
}  // namespace sluice::run
