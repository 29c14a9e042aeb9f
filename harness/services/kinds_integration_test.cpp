#include <arpa/inet.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/net/http_client.hpp"
#include "harness/services/probe_socket.hpp"
#include "harness/services/supervisor_fixture.hpp"

namespace sluice::services {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class RedisTest : public SupervisorTest {
 protected:
  std::string ask(const std::string& command) const {
    ProbeSocket socket(10s, {});
    socket.connect(supervisor_->attribute("cache", "host"),
                   static_cast<std::uint16_t>(std::stoi(supervisor_->attribute("cache", "port"))));
    socket.send(command + "\r\n");
    std::string answer = socket.receive_line();
    if (answer.starts_with("$") && answer != "$-1") answer = socket.receive_line();
    return answer;
  }
};

TEST_F(RedisTest, RunsOnItsPortAndItsSocket) {
  up("  cache: { kind: redis, settings: { maxmemory: 10mb } }\n");
  start();
  EXPECT_EQ(supervisor_->attribute("cache", "url"), "redis://" + supervisor_->attribute("cache", "address"));
  EXPECT_EQ(ask("PING"), "+PONG");
  EXPECT_EQ(ask("SET key value"), "+OK");
  EXPECT_EQ(ask("CONFIG GET maxmemory"), "*2");
  ProbeSocket socket(10s, {});
  socket.connect(std::filesystem::path(supervisor_->attribute("cache", "socket")));
  socket.send("GET key\r\n");
  EXPECT_EQ(socket.receive_line(), "$5");
}

TEST_F(RedisTest, ForgetsInARestartUnlessItIsDurable) {
  for (const auto& [durable, kept] : {std::pair("false", "$-1"), {"true", "value"}}) {
    up(std::string("  cache: { kind: redis, durable: ") + durable + " }\n");
    start();
    ASSERT_EQ(ask("SET key value"), "+OK");
    const std::string address = supervisor_->attribute("cache", "address");
    supervisor_->stop_service("cache");
    EXPECT_THROW(ask("PING"), std::runtime_error);
    supervisor_->start_service("cache", {});
    EXPECT_EQ(supervisor_->attribute("cache", "address"), address);
    EXPECT_EQ(ask("GET key"), kept) << "durable: " << durable;
    supervisor_->signal("cache", SIGKILL);
    supervisor_->restart("cache", {});
    EXPECT_EQ(ask("GET key"), kept) << "durable: " << durable;
  }
}

TEST_F(RedisTest, KeepsAPasswordOutOfTheProcessList) {
  up("  cache: { kind: redis, settings: { requirepass: \"p w\\\"\\\\x\" } }\n");
  start();
  EXPECT_EQ(ask("PING"), "-NOAUTH Authentication required.");
  EXPECT_THAT(supervisor_->attribute("cache", "url"), StartsWith("redis://:p%20w%22%5Cx@127.0.0.1:"));
  EXPECT_FALSE(supervisor_->probe_all().has_value());
  ASSERT_FALSE(processes_of_run(marker_).empty());
  for (const int pid : processes_of_run(marker_)) {
    std::ifstream stream("/proc/" + std::to_string(pid) + "/cmdline");
    const std::string line{std::istreambuf_iterator<char>(stream), {}};
    EXPECT_THAT(line, ::testing::Not(HasSubstr("p w")));
  }
}

TEST_F(RedisTest, RefusesSettingsThatAreItsOwn) {
  up("  cache: { kind: redis, settings: { port: \"6379\" } }\n");
  EXPECT_THROW(start(), InputError);
}

TEST_F(RedisTest, SaysWhyItDidNotStart) {
  up("  cache: { kind: redis, settings: { maxmemory: lots } }\n");
  EXPECT_THAT(failure_of_start(), AllOf(HasSubstr("service cache ended before it was ready (exit code 1)"),
                                        HasSubstr("argument must be a memory value")));
}

TEST_F(RedisTest, IsLostWhenHalted) {
  up("  cache: { kind: redis, unanswered_for: 500ms }\n");
  auto lost = loss();
  start();
  kill(processes_of_run(marker_).at(0), SIGSTOP);
  ASSERT_EQ(lost.wait_for(60s), std::future_status::ready);
  EXPECT_EQ(supervisor_->lost()->how, "stopped answering: its process is halted (SIGSTOP)");
}

using TaskTest = SupervisorTest;

TEST_F(TaskTest, RunsBeforeWhatNeedsIt) {
  up(R"(  b: { kind: process, needs: [t], command: [sh, -c, "cat done; exec sleep 1000"], ready: { log: migrated } }
  t: { kind: task, env: { WORD: migrated }, command: [sh, -c, "echo $WORD > done; echo working"] }
)");
  const auto lost = loss();
  start();
  EXPECT_THAT(ready_, ElementsAre("t", "b"));
  EXPECT_FALSE(supervisor_->lost().has_value());  // being over is no death
  EXPECT_FALSE(supervisor_->probe_all().has_value());
  EXPECT_EQ(lost.wait_for(0s), std::future_status::timeout);
  EXPECT_EQ(log_tail(supervisor_->attribute("t", "log")), "working");
}

TEST_F(TaskTest, FailsTheStartWithItsLastWords) {
  up("  t: { kind: task, command: [sh, -c, \"echo no such table; exit 3\"] }\n");
  EXPECT_EQ(failure_of_start(), "service t failed (exit code 3); its log ends with:\nno such table");
}

TEST_F(TaskTest, IsEndedWhenItTakesTooLong) {
  up("  t: { kind: task, within: 100ms, command: [sh, -c, \"echo begun; exec sleep 1000\"] }\n");
  EXPECT_THAT(failure_of_start(), HasSubstr("service t was not done within 100 ms"));
}

TEST_F(TaskTest, RunsAgainWhenRestarted) {
  up("  t: { kind: task, command: [sh, -c, \"echo once more\"] }\n");
  start();
  supervisor_->restart("t", {});
  EXPECT_EQ(log_tail(supervisor_->attribute("t", "log")), "once more\nonce more");
}

using ReadinessTest = SupervisorTest;

TEST_F(ReadinessTest, WaitsForACommandToSucceed) {
  up(R"(  a: { kind: process, command: [sh, -c, "echo up > flag; exec sleep 1000"], ready: { command: [cat, flag] } }
)");
  start();
  EXPECT_FALSE(supervisor_->probe_all().has_value());
}

TEST_F(ReadinessTest, SaysWhatTheCommandSaid) {
  up(R"(  a: { kind: process, command: [sleep, "1000"], ready: { command: [cat, flag], within: 100ms } }
)");
  EXPECT_THAT(failure_of_start(), AllOf(HasSubstr("service a was not ready within 100 ms: cat: exit code 1: "),
                                        HasSubstr("No such file or directory")));
}

TEST_F(ReadinessTest, WaitsForARowInSqlite) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open((folder_.path() / "a.db").c_str(), &database), SQLITE_OK);
  const auto execute = [&](const char* sql) {
    ASSERT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK);
  };
  execute("CREATE TABLE t (x)");
  up(R"(  a:
    kind: process
    command: [sh, -c, "echo begun; exec sleep 1000"]
    ready: { sql: { store: "sqlite:a.db", query: "SELECT x FROM t;" }, within: 1h }
)");
  auto started = std::async(std::launch::async, [&] { start(); });
  ASSERT_TRUE(wrote("a.log", "begun"));
  EXPECT_EQ(started.wait_for(100ms), std::future_status::timeout);
  execute("INSERT INTO t VALUES (1)");
  sqlite3_close(database);
  started.get();
  EXPECT_THAT(ready_, ElementsAre("a"));
}

TEST_F(ReadinessTest, AsksPostgreSQL) {
  up(R"(  db: { kind: postgres }
  a: { kind: process, command: [sleep, "1000"], ready: { sql: { store: "${db.url}/postgres", query: "SELECT 1, 1;" } } }
  b:
    kind: process
    needs: [a]
    command: [sleep, "1000"]
    ready: { sql: { store: "${db.url}/postgres", query: "SELECT 1 WHERE false" }, within: 500ms }
)");
  EXPECT_THAT(failure_of_start(), HasSubstr("service b was not ready within 500 ms: no row for: SELECT 1 WHERE false"));
  EXPECT_THAT(ready_, ElementsAre("db", "a"));
}

TEST_F(ReadinessTest, WantsAllConditionsToHold) {
  up(R"(  a:
    kind: process
    command: [perl, server.pl, "${self.address}"]
    ready: { http: /, tcp: true, log: listening, command: [sh, -c, "echo asked >> asked; test -e flag"], within: 1h }
)");
  auto started = std::async(std::launch::async, [&] { start(); });
  ASSERT_TRUE(wrote("asked", "asked\nasked\nasked")) << "the others hold, and it is asked again and again";
  EXPECT_EQ(started.wait_for(0s), std::future_status::timeout);
  folder_.write("flag", "");
  started.get();
  EXPECT_THAT(ready_, ElementsAre("a"));
}

TEST_F(ReadinessTest, GivesUpTheMomentItsProcessEnds) {
  // Takes a connection and never answers: the question under way would take two seconds.
  folder_.write("mute.pl", R"(
use IO::Socket::INET; $| = 1;
my $s = IO::Socket::INET->new(LocalAddr => $ARGV[0], Listen => 5, ReuseAddr => 1) or die "cannot listen: $!";
my $c = $s->accept(); my $l = <$c>; print "I give up\n"; exit 6;
)");
  up("  a: { kind: process, command: [perl, mute.pl, \"${self.address}\"], ready: { http: /, within: 1h } }\n");
  EXPECT_EQ(failure_of_start(), "service a ended before it was ready (exit code 6); its log ends with:\nI give up");
}

class PortTest : public SupervisorTest {
 protected:
  std::uint16_t port() const { return static_cast<std::uint16_t>(std::stoi(supervisor_->attribute("a", "port"))); }
};

TEST_F(PortTest, TakesAnotherWhenSomebodyIsFaster) {
  up(R"(  a: { kind: process, command: [perl, server.pl, "${self.address}"], ready: { http: / } }
  b: { kind: process, needs: [a], command: [sh, -c, "echo $0; exec sleep 1000", "${a.port}"], ready: { log: "${a.port}" } }
)");
  const auto before = port();
  const auto thief = ListeningSocket::on(before);
  ASSERT_TRUE(thief);
  start();
  EXPECT_NE(port(), before);
  EXPECT_FALSE(supervisor_->probe_all().has_value());
}

TEST_F(PortTest, TakesAnotherWhenSomebodyIsFasterThanTheProcess) {
  // Stands for somebody else: when it is first started, a stranger takes its port, and then it fails to listen.
  folder_.write("late.pl", R"(
use POSIX; use IO::Socket::INET;
my ($address) = @ARGV;
if (!-e "robbed") {
  open(my $f, ">", "robbed"); print $f "$address\n"; close $f;
  pipe(my $r, my $w);
  if (fork() == 0) {
    if (fork() == 0) {
      POSIX::setsid();
      exec("/usr/bin/env", "-i", "/usr/bin/perl", "-MIO::Socket::INET", "-e",
           'my $s = IO::Socket::INET->new(LocalAddr => $ARGV[0], Listen => 5, ReuseAddr => 1); open(my $f, ">", "thief.pid"); print $f $$; close $f; $SIG{ALRM} = sub { exit }; alarm 60; sleep 1000;', $address);
    }
    exit 0;
  }
  wait();
  select(undef, undef, undef, 0.01) until -s "thief.pid";
  die "address already in use\n";
}
exec("perl", "server.pl", $address);
)");
  up("  a: { kind: process, command: [perl, late.pl, \"${self.address}\"], ready: { log: listening } }\n");
  const auto before = port();
  start();
  EXPECT_NE(port(), before);
  EXPECT_FALSE(port_is_free(before));
  std::ifstream file(folder_.path() / "thief.pid");
  int thief = 0;
  ASSERT_TRUE(file >> thief);
  kill(thief, SIGKILL);
}

TEST_F(PortTest, SaysSoWhenAKnownPortWasTaken) {
  up("  a: { kind: process, command: [perl, server.pl, \"${self.address}\"], ready: { http: / } }\n");
  start();
  supervisor_->stop_service("a");
  const auto thief = ListeningSocket::on(port());
  ASSERT_TRUE(thief);
  try {
    supervisor_->start_service("a", {});
    FAIL() << "it started";
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), HasSubstr("service a: another program has taken its port"));
  }
}

// Accepts on file descriptor 3 only, and only if the protocol says that it is meant.
constexpr const char* activated_server = R"(
use IO::Socket::INET; $| = 1;
die "LISTEN_FDS is $ENV{LISTEN_FDS}" unless $ENV{LISTEN_FDS} eq "1";
die "LISTEN_PID is $ENV{LISTEN_PID}, and I am $$" unless $ENV{LISTEN_PID} eq "$$";
my $s = IO::Socket::INET->new_from_fd(3, "r+") or die "no socket: $!";
while (my $c = $s->accept()) { my $l = <$c>; while (<$c>) { last if /^\r?\n$/ } print $c "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"; close $c; }
)";

TEST_F(PortTest, HandsOverASocketThatListens) {
  folder_.write("activated.pl", activated_server);
  up("  a: { kind: process, socket_activation: true, command: [perl, activated.pl], ready: { http: / } }\n");
  const auto thief = ListeningSocket::on(port());  // and it is sluice that takes another port
  start();
  EXPECT_FALSE(supervisor_->probe_all().has_value());
  const auto kept = port();
  supervisor_->restart("a", {});
  EXPECT_EQ(port(), kept);
  EXPECT_FALSE(supervisor_->probe_all().has_value());
  supervisor_->stop_service("a");
  EXPECT_TRUE(port_is_free(kept));
}

TEST_F(PortTest, RefusesActivationWithNothingToTellReadinessBy) {
  EXPECT_THROW(
      up("  a: { kind: process, socket_activation: true, command: [perl, activated.pl], ready: { tcp: true } }\n"),
      InputError);
}

}  // namespace
}  // namespace sluice::services
