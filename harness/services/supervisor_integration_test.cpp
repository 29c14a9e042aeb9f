#include "harness/services/supervisor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <pqxx/pqxx>

#include "harness/core/errors.hpp"
#include "harness/plan/loader.hpp"
#include "harness/plan/reference.hpp"
#include "harness/services/run_folder.hpp"
#include "harness/testing/check_context.hpp"

namespace sluice::services {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

// A small HTTP server that every Debian has: perl is essential there.
constexpr const char* server_script = R"(
use IO::Socket::INET; $| = 1;
my ($address, $delay) = @ARGV;
my $s = IO::Socket::INET->new(LocalAddr => $address, Listen => 5, ReuseAddr => 1) or die "cannot listen: $!";
print "listening\n";
while (my $c = $s->accept()) { my $l = <$c>; while (<$c>) { last if /^\r?\n$/ } print $c "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"; close $c; }
)";

class SupervisorTest : public ::testing::Test {
 protected:
  SupervisorTest() {
    folder_.write("server.pl", server_script);
    // As root PostgreSQL runs as another user, who must get through to its own folder.
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0711));
    environment_ = {.host = &host_,
                    .work = folder_.path(),
                    .logs = folder_.path(),
                    .ports = folder_.path() / "ports",
                    .directory = folder_.path(),
                    .clock = &clock_,
                    .expand = [this](const std::string& text, const std::string& self) {
                      return plan::expand(text, [&](const plan::Reference& reference) {
                        return supervisor_->attribute(reference.name == "self" ? self : reference.name,
                                                      reference.attribute);
                      });
                    }};
  }
  ~SupervisorTest() override {
    supervisor_.reset();
    EXPECT_TRUE(processes_of_run(marker_).empty()) << "a process outlived its supervisor";
    release_shared_memory(folder_.path() / "db" / "data");
  }

  Supervisor& up(const std::string& services) {
    const std::string text = "sluice: 1\nname: t\nservices:\n" + services +
                             "checks: { c: { kind: test.none } }\nphases: [ { name: p, after: [c] } ]\n";
    const CheckKind none{.name = "test.none", .proves = "", .cannot_prove = ""};
    plan_ = plan::parse_plan(text, folder_.path() / "plan.yaml", {none});
    supervisor_ = std::make_unique<Supervisor>(plan_.services, environment_);
    return *supervisor_;
  }
  void start(std::stop_token stop = {}) {
    supervisor_->start(stop, [this](const std::string& name, std::chrono::nanoseconds) { ready_.push_back(name); });
  }
  std::string failure_of_start() {
    try {
      start();
    } catch (const EnvironmentError& error) {
      return error.what();
    }
    return "";
  }

  TemporaryFolder folder_;
  std::string marker_ = "test-" + folder_.path().filename().string();
  SystemClock clock_;
  ProcessHost host_{marker_};
  ServiceEnvironment environment_;
  plan::Plan plan_;
  std::vector<std::string> ready_;
  std::unique_ptr<Supervisor> supervisor_;
};

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
  EXPECT_EQ(failure_of_start(), "service a ended before it was ready (exit code 4)");
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
  ASSERT_EQ(lost.get_future().wait_for(10s), std::future_status::ready);
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
  ASSERT_EQ(lost.get_future().wait_for(10s), std::future_status::ready);
  EXPECT_EQ(supervisor_->lost()->service, "db");
}

}  // namespace
}  // namespace sluice::services
