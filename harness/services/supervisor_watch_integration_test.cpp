#include <fstream>

#include "harness/services/supervisor_fixture.hpp"

namespace sluice::services {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class SupervisorWatchTest : public SupervisorTest {
 protected:
  void signal_all(int signal) const {
    for (const int pid : processes_of_run(marker_)) kill(pid, signal);
  }
};

TEST_F(SupervisorWatchTest, NoticesAServiceThatIsHaltedFromOutside) {
  up("  a: { kind: process, unanswered_for: 500ms, command: [perl, server.pl, \"${self.address}\"], ready: { http: / } "
     "}\n");
  auto lost = loss();
  start();
  signal_all(SIGSTOP);
  ASSERT_EQ(lost.wait_for(60s), std::future_status::ready);
  EXPECT_EQ(supervisor_->lost()->service, "a");
  EXPECT_THAT(supervisor_->lost()->how, StartsWith("stopped answering: "));
  EXPECT_EQ(supervisor_->results()[0].state, "stopped answering");
}

TEST_F(SupervisorWatchTest, NoticesThatPostgreSQLIsHalted) {
  up("  db: { kind: postgres, unanswered_for: 500ms }\n");
  auto lost = loss();
  start();
  signal_all(SIGSTOP);
  ASSERT_EQ(lost.wait_for(60s), std::future_status::ready);
  EXPECT_THAT(supervisor_->lost()->how, StartsWith("stopped answering: "));
}

TEST_F(SupervisorWatchTest, NoticesAServiceThatAnswersBadly) {
  folder_.write("turning.pl", R"(
use IO::Socket::INET; $| = 1;
my $s = IO::Socket::INET->new(LocalAddr => $ARGV[0], Listen => 5, ReuseAddr => 1) or die "cannot listen: $!";
my $status = "200 OK";
while (my $c = $s->accept()) {
  my $l = <$c>; while (<$c>) { last if /^\r?\n$/ }
  print $c "HTTP/1.1 $status\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"; close $c;
  $status = "503 Out Of Order";
}
)");
  up("  a: { kind: process, unanswered_for: 1ms, command: [perl, turning.pl, \"${self.address}\"], ready: { http: / } "
     "}\n");
  auto lost = loss();
  start();
  ASSERT_EQ(lost.wait_for(60s), std::future_status::ready);
  EXPECT_THAT(supervisor_->lost()->how, HasSubstr("GET / answers 503"));
}

TEST_F(SupervisorWatchTest, ToldToAskAtOnceFindsAHaltedService) {
  up("  a: { kind: process, unanswered_for: 500ms, command: [perl, server.pl, \"${self.address}\"], ready: { http: / } "
     "}\n");
  start();
  EXPECT_FALSE(supervisor_->probe_all().has_value());
  signal_all(SIGSTOP);
  ASSERT_TRUE(supervisor_->probe_all().has_value());
  EXPECT_EQ(supervisor_->lost()->service, "a");
}

TEST_F(SupervisorWatchTest, DoesNotTakeABusyServiceForADeadOne) {
  // Takes one connection to be ready, then computes and never answers again.
  folder_.write("busy.pl", R"(
use IO::Socket::INET; $| = 1;
my $s = IO::Socket::INET->new(LocalAddr => $ARGV[0], Listen => 5, ReuseAddr => 1) or die "cannot listen: $!";
my $c = $s->accept(); while (<$c>) { last if /^\r?\n$/ }
print $c "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"; close $c;
1 while 1;
)");
  up("  a: { kind: process, unanswered_for: 500ms, command: [perl, busy.pl, \"${self.address}\"], ready: { http: / } "
     "}\n");
  start();
  EXPECT_FALSE(supervisor_->probe_all().has_value());
  EXPECT_FALSE(supervisor_->lost().has_value());
}

TEST_F(SupervisorWatchTest, IsStoppedWithoutWaitingForAQuestionUnderWay) {
  up("  a: { kind: process, unanswered_for: 1h, command: [perl, server.pl, \"${self.address}\"], ready: { http: / } "
     "}\n");
  start();
  signal_all(SIGSTOP);
  std::stop_source stop;
  auto asked = std::async(std::launch::async, [&] { return supervisor_->probe_all(stop.get_token()); });
  EXPECT_EQ(asked.wait_for(200ms), std::future_status::timeout);
  stop.request_stop();
  EXPECT_FALSE(asked.get().has_value());
}

TEST_F(SupervisorWatchTest, GivesUpABringUpWhenAReadyServiceDies) {
  up(R"(  a: { kind: process, command: [perl, server.pl, "${self.address}"], ready: { http: / } }
  b: { kind: process, needs: [a], command: [sleep, "1000"], ready: { http: /, within: 1h } }
)");
  auto failed = std::async(std::launch::async, [&] { return failure_of_start(); });
  ASSERT_TRUE(wrote("a.log", "listening"));
  while (processes_of_run(marker_).size() < 2) std::this_thread::yield();
  for (const int pid : processes_of_run(marker_)) {
    std::ifstream name("/proc/" + std::to_string(pid) + "/comm");
    std::string comm;
    if (name >> comm && comm == "perl") kill(pid, SIGKILL);
  }
  EXPECT_EQ(failed.get(), "service a was lost while others were still starting: killed by signal 9 (Killed)");
}

}  // namespace
}  // namespace sluice::services
