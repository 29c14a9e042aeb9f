#include <pqxx/pqxx>

#include "harness/services/supervisor_fixture.hpp"

namespace sluice::services {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(SupervisorTest, StartsServicesAfterWhatTheyNeed) {
  up(R"(  b: { kind: process, needs: [a], command: [perl, server.pl, "${self.address}"], ready: { http: / } }
  a: { kind: process, command: [perl, server.pl, "${self.address}"], ready: { log: listening } }
)");
  start();
  EXPECT_THAT(ready_, ElementsAre("a", "b"));
  EXPECT_FALSE(supervisor_->probe_all().has_value());
}

TEST_F(SupervisorTest, SaysWhyAServiceEndedBeforeItWasReady) {
  up("  a: { kind: process, command: [sh, -c, \"echo no such luck; exit 4\"] }\n");
  EXPECT_EQ(failure_of_start(), "service a ended before it was ready (exit code 4); its log ends with:\nno such luck");
  const auto results = supervisor_->results();
  EXPECT_EQ(results[0].state, "failed to start");
  EXPECT_EQ(results[0].log_tail, "no such luck");
}

TEST_F(SupervisorTest, SaysWhatWasMissingWhenAServiceIsNeverReady) {
  up("  a: { kind: process, command: [sleep, \"1000\"], ready: { http: /, within: 200ms } }\n");
  EXPECT_THAT(failure_of_start(), HasSubstr("service a was not ready within 200 ms: "));
}

TEST_F(SupervisorTest, NamesAMissingBinary) {
  up("  a: { kind: process, command: [/nonexistent/v1] }\n");
  EXPECT_THAT(failure_of_start(), HasSubstr("service a: cannot start /nonexistent/v1: No such file"));
}

TEST_F(SupervisorTest, NoticesADeathDuringTheRun) {
  up("  a: { kind: process, command: [perl, server.pl, \"${self.address}\"], ready: { http: / } }\n");
  std::promise<void> lost;
  supervisor_->on_loss = [&] { lost.set_value(); };
  start();
  EXPECT_FALSE(supervisor_->lost().has_value());
  const auto pids = processes_of_run(marker_);
  ASSERT_EQ(pids.size(), 1u);
  kill(pids[0], SIGKILL);
  ASSERT_EQ(lost.get_future().wait_for(60s), std::future_status::ready);
  ASSERT_TRUE(supervisor_->lost().has_value());
  EXPECT_EQ(supervisor_->lost()->service, "a");
  EXPECT_EQ(supervisor_->lost()->how, "killed by signal 9 (Killed)");
}

TEST_F(SupervisorTest, StopsWaitingWhenTold) {
  up("  a: { kind: process, command: [sleep, \"1000\"], ready: { http: /, within: 1h } }\n");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(start(stop.get_token()), Cancelled);
}

TEST_F(SupervisorTest, BringsUpAPrivatePostgreSQLWithItsDatabases) {
  up("  db: { kind: postgres, databases: [voice, other] }\n");
  start();
  pqxx::connection connection(supervisor_->attribute("db", "url") + "/voice");
  pqxx::work transaction(connection);
  EXPECT_EQ(transaction.exec1("SELECT current_database()")[0].as<std::string>(), "voice");
  EXPECT_EQ(transaction.exec1("SHOW listen_addresses")[0].as<std::string>(), "");
}

TEST_F(SupervisorTest, NoticesThatPostgreSQLWasKilled) {
  up("  db: { kind: postgres, databases: [voice] }\n");
  std::promise<void> lost;
  supervisor_->on_loss = [&] { lost.set_value(); };
  start();
  const pqxx::connection connection(supervisor_->attribute("db", "url") + "/voice");
  for (const int pid : processes_of_run(marker_)) kill(pid, SIGKILL);
  ASSERT_EQ(lost.get_future().wait_for(60s), std::future_status::ready);
  EXPECT_EQ(supervisor_->lost()->service, "db");
}

}  // namespace
}  // namespace sluice::services
