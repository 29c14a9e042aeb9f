#include <pqxx/pqxx>

#include "harness/services/supervisor_fixture.hpp"

namespace sluice::services {
namespace {

using ::testing::HasSubstr;

constexpr const char* one_server =
    "  a: { kind: process, command: [perl, server.pl, \"${self.address}\"], ready: { http: / } }\n";

template <typename Error, typename Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

class SupervisorControlTest : public SupervisorTest {
 protected:
  std::string state(const std::string& name) const {
    for (const auto& result : supervisor_->results()) {
      if (result.name == name) return result.state;
    }
    return "";
  }
  // Its one process.
  int pid() const {
    const auto pids = processes_of_run(marker_);
    return pids.size() == 1 ? pids[0] : -1;
  }
};

TEST_F(SupervisorControlTest, StopsAServiceWithoutLosingIt) {
  up(one_server);
  const auto lost = loss();
  start();
  supervisor_->stop_service("a");
  EXPECT_TRUE(processes_of_run(marker_).empty());
  EXPECT_EQ(state("a"), "stopped");
  EXPECT_FALSE(supervisor_->lost().has_value());
  EXPECT_FALSE(supervisor_->probe_all().has_value());
  EXPECT_EQ(lost.wait_for(0s), std::future_status::timeout);
  supervisor_->stop_service("a");  // once more changes nothing
  EXPECT_EQ(state("a"), "stopped");
}

TEST_F(SupervisorControlTest, StartsAStoppedServiceAtTheSameAddress) {
  up(one_server);
  start();
  const std::string url = supervisor_->attribute("a", "url");
  supervisor_->stop_service("a");
  EXPECT_EQ(supervisor_->attribute("a", "url"), url);
  supervisor_->start_service("a", {});
  EXPECT_EQ(supervisor_->attribute("a", "url"), url);
  EXPECT_EQ(state("a"), "ready");
  EXPECT_FALSE(supervisor_->probe_all().has_value());
}

TEST_F(SupervisorControlTest, NoticesTheDeathOfAServiceThatWasStartedAgain) {
  up(one_server);
  auto lost = loss();
  start();
  supervisor_->restart("a", {});
  kill(pid(), SIGKILL);
  ASSERT_EQ(lost.wait_for(60s), std::future_status::ready);
  EXPECT_EQ(state("a"), "died");
  EXPECT_THAT(error_of<EnvironmentError>([&] { supervisor_->restart("a", {}); }),
              HasSubstr("service a was lost before it could be stopped: killed by signal 9"));
}

TEST_F(SupervisorControlTest, WaitsForTheLogOfTheNewProcessNotOfTheOld) {
  folder_.write("once.sh", "if [ -e was-here ]; then exit 9; fi; touch was-here; echo listening; exec sleep 1000");
  up("  a: { kind: process, command: [sh, once.sh], ready: { log: listening } }\n");
  start();
  EXPECT_THAT(error_of<EnvironmentError>([&] { supervisor_->restart("a", {}); }),
              HasSubstr("service a ended before it was ready (exit code 9)"));
  EXPECT_EQ(state("a"), "failed to start");
  EXPECT_EQ(supervisor_->lost()->service, "a");
}

TEST_F(SupervisorControlTest, TakesAnEndThatWasAskedForAsAStop) {
  up(one_server);
  const auto lost = loss();
  start();
  const int before = pid();
  supervisor_->signal("a", SIGKILL);
  supervisor_->start_service("a", {});
  EXPECT_NE(pid(), before);
  EXPECT_EQ(state("a"), "ready");
  EXPECT_EQ(lost.wait_for(0s), std::future_status::timeout);
  EXPECT_FALSE(supervisor_->probe_all().has_value());
}

TEST_F(SupervisorControlTest, DeliversASignalToTheService) {
  folder_.write("hup.sh", "trap 'echo reloaded' HUP; echo listening; while :; do sleep 1000 & wait; done");
  up("  a: { kind: process, command: [sh, hup.sh], ready: { log: listening } }\n");
  start();
  supervisor_->signal("a", SIGHUP);
  EXPECT_TRUE(wrote("a.log", "reloaded"));
  EXPECT_EQ(state("a"), "ready");
}

TEST_F(SupervisorControlTest, HaltsAServiceUntilItMayGoOn) {
  up(one_server);
  start();
  supervisor_->signal("a", SIGSTOP);
  EXPECT_EQ(state("a"), "halted");
  EXPECT_FALSE(supervisor_->probe_all().has_value());
  EXPECT_THAT(error_of<EnvironmentError>([&] { supervisor_->start_service("a", {}); }), HasSubstr("SIGCONT"));
  supervisor_->signal("a", SIGCONT);
  EXPECT_EQ(state("a"), "ready");
  EXPECT_FALSE(supervisor_->probe_all().has_value());
}

TEST_F(SupervisorControlTest, DoesNotBlameAServiceForWhatItNeedsBeingStopped) {
  folder_.write("proxy.pl", R"(
use IO::Socket::INET; $| = 1;
my ($address, $behind) = @ARGV;
my $s = IO::Socket::INET->new(LocalAddr => $address, Listen => 5, ReuseAddr => 1) or die "cannot listen: $!";
while (my $c = $s->accept()) {
  my $l = <$c>; while (<$c>) { last if /^\r?\n$/ }
  my $up = IO::Socket::INET->new(PeerAddr => $behind) ? "200 OK" : "503 Gone";
  print $c "HTTP/1.1 $up\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"; close $c;
}
)");
  up(std::string(one_server) +
     "  b: { kind: process, command: [perl, proxy.pl, \"${self.address}\", \"${a.address}\"], ready: { http: / } }\n");
  start();
  supervisor_->stop_service("a");
  EXPECT_FALSE(supervisor_->probe_all().has_value());
  EXPECT_THAT(error_of<EnvironmentError>([&] { supervisor_->restart("b", {}); }),
              HasSubstr("service b cannot be started: it needs a, which is stopped"));
  supervisor_->start_service("a", {});
  supervisor_->start_service("b", {});
  EXPECT_FALSE(supervisor_->probe_all().has_value());
}

TEST_F(SupervisorControlTest, RefusesExternalAndUnknownServices) {
  up(std::string(one_server) + "  x: { kind: external, url: \"${a.url}\", ready: { http: / } }\n");
  start();
  const std::string refusal = "service x is external: sluice did not start it";
  EXPECT_THAT(error_of<EnvironmentError>([&] { supervisor_->stop_service("x"); }), HasSubstr(refusal));
  EXPECT_THAT(error_of<EnvironmentError>([&] { supervisor_->start_service("x", {}); }), HasSubstr(refusal));
  EXPECT_THAT(error_of<EnvironmentError>([&] { supervisor_->restart("x", {}); }), HasSubstr(refusal));
  EXPECT_THAT(error_of<EnvironmentError>([&] { supervisor_->signal("x", SIGHUP); }), HasSubstr(refusal));
  EXPECT_THAT(error_of<InputError>([&] { supervisor_->stop_service("y"); }), HasSubstr("no service is called 'y'"));
}

TEST_F(SupervisorControlTest, GivesUpAStartWhenTold) {
  folder_.write("once.sh",
                "if [ -e was-here ]; then exec sleep 1000; fi; touch was-here; echo listening; exec sleep 1000");
  up("  a: { kind: process, command: [sh, once.sh], ready: { log: listening, within: 1h } }\n");
  start();
  std::stop_source stop;
  auto restarted = std::async(std::launch::async, [&] { supervisor_->restart("a", stop.get_token()); });
  EXPECT_EQ(restarted.wait_for(100ms), std::future_status::timeout);
  stop.request_stop();
  EXPECT_THROW(restarted.get(), Cancelled);
  EXPECT_EQ(state("a"), "stopped");
  EXPECT_TRUE(processes_of_run(marker_).empty());

  auto abandoned = std::async(std::launch::async, [&] { supervisor_->start_service("a", {}); });
  EXPECT_EQ(abandoned.wait_for(100ms), std::future_status::timeout);
  supervisor_->stop();
  EXPECT_THROW(abandoned.get(), Cancelled);
}

TEST_F(SupervisorControlTest, RestartsPostgreSQLWithItsData) {
  up("  db: { kind: postgres, databases: [voice] }\n");
  const auto lost = loss();
  start();
  const std::string url = supervisor_->attribute("db", "url") + "/voice";
  const auto rows = [&] {
    pqxx::connection connection(url);
    return pqxx::nontransaction(connection).exec1("SELECT count(*) FROM t")[0].as<int>();
  };
  {
    pqxx::connection connection(url);
    pqxx::nontransaction(connection).exec0("CREATE TABLE t AS SELECT 1 AS x");
  }
  supervisor_->stop_service("db");
  EXPECT_THROW(rows(), pqxx::broken_connection);
  supervisor_->start_service("db", {});
  EXPECT_EQ(rows(), 1);
  supervisor_->restart("db", {});
  EXPECT_EQ(rows(), 1);
  supervisor_->signal("db", SIGKILL);  // a crash: it recovers
  supervisor_->start_service("db", {});
  EXPECT_EQ(rows(), 1);
  EXPECT_EQ(lost.wait_for(0s), std::future_status::timeout);
}

TEST_F(SupervisorControlTest, MayBeUsedFromManyThreads) {
  up(one_server);
  const auto lost = loss();
  start();
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 2; ++thread) {
      threads.emplace_back([&] {
        for (int round = 0; round < 5; ++round) supervisor_->restart("a", {});
      });
      threads.emplace_back([&](std::stop_token done) {
        while (!done.stop_requested()) {
          EXPECT_FALSE(supervisor_->probe_all().has_value());
          supervisor_->results();
        }
      });
    }
    threads[0].join();
    threads[2].join();
  }
  EXPECT_EQ(state("a"), "ready");
  EXPECT_EQ(lost.wait_for(0s), std::future_status::timeout);
}

}  // namespace
}  // namespace sluice::services
