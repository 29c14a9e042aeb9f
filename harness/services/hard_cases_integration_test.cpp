#include <unistd.h>

#include "harness/net/http_client.hpp"
#include "harness/services/supervisor_fixture.hpp"

namespace sluice::services {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

bool lives(int pid) {
  std::ifstream stream("/proc/" + std::to_string(pid) + "/stat");
  std::string stat;
  std::getline(stream, stat);
  const auto name_end = stat.rfind(')');
  return name_end != std::string::npos && stat.compare(name_end, 4, ") Z ") != 0;
}

class HardCasesTest : public SupervisorTest {
 protected:
  int number_in(const std::string& file) const {
    std::ifstream stream(folder_.path() / file);
    int number = 0;
    stream >> number;
    return number;
  }
};

TEST_F(HardCasesTest, NoticesAServiceThatEndsByItselfAfterAWhile) {
  up("  a: { kind: process, unanswered_for: 1h, command: [sh, -c, \"echo up; sleep 2; echo tired; exit 5\"], ready: { "
     "log: up } }\n");
  auto lost = loss();
  start();
  ASSERT_EQ(lost.wait_for(60s), std::future_status::ready);
  EXPECT_EQ(supervisor_->lost()->how, "exit code 5");
  EXPECT_EQ(supervisor_->results()[0].log_tail, "up\ntired");
}

TEST_F(HardCasesTest, EndsAServiceThatIgnoresSigterm) {
  up("  a: { kind: process, stop_within: 100ms, command: [sh, -c, \"trap '' TERM; echo up; while :; do sleep 1000; "
     "done\"], ready: { log: up } }\n");
  start();
  ASSERT_FALSE(processes_of_run(marker_).empty());
  supervisor_->stop_service("a");
  EXPECT_TRUE(processes_of_run(marker_).empty());
}

TEST_F(HardCasesTest, EndsAGrandchildThatLeftItsSessionAndItsEnvironment) {
  folder_.write("leave.sh", "setsid env -i sh -c 'echo $$ > grandchild; exec sleep 1000' & echo up; wait");
  up("  a: { kind: process, command: [sh, leave.sh], ready: { log: up, command: [test, -s, grandchild] } }\n");
  start();
  const int grandchild = number_in("grandchild");
  ASSERT_TRUE(lives(grandchild));
  supervisor_->stop_service("a");
  EXPECT_FALSE(lives(grandchild));
}

TEST_F(HardCasesTest, EndsADaemonThatTheServiceLeftBehind) {
  folder_.write("daemon.sh",
                "(setsid sh -c 'echo $$ > daemon; exec sleep 1000' &) ; until [ -s daemon ]; do :; done; echo up; exec "
                "sleep 1000");
  up("  a: { kind: process, command: [sh, daemon.sh], ready: { log: up } }\n");
  start();
  const int daemon = number_in("daemon");
  ASSERT_TRUE(lives(daemon));
  supervisor_->stop_service("a");
  EXPECT_FALSE(lives(daemon));
}

TEST_F(HardCasesTest, RunsNginxWithItsOwnConfiguration) {
  if (find_program("nginx").empty()) GTEST_SKIP() << "nginx is not installed; ci/setup --tests installs it";
  folder_.write("nginx.conf.in", R"(
daemon off; pid nginx.pid; error_log stderr; worker_processes 2;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  server { listen ADDRESS; location / { return 200 "hello"; } }
}
)");
  up(R"(  web:
    kind: process
    command: [sh, -c, 'sed "s/ADDRESS/$0/" nginx.conf.in > nginx.conf; exec nginx -e stderr -p "$PWD" -c nginx.conf', "${self.address}"]
    ready: { http: / }
)");
  start();
  const auto body = [&] {
    net::HttpClient client(net::parse_endpoint(supervisor_->attribute("web", "url")));
    return client.send({.method = "GET", .target = "/", .headers = {}, .body = {}}).body;
  };
  EXPECT_EQ(body(), "hello");
  supervisor_->signal("web", SIGHUP);  // it reads its configuration again and replaces its workers
  EXPECT_EQ(body(), "hello");
  supervisor_->restart("web", {});
  EXPECT_EQ(body(), "hello");
  const int master = number_in("nginx.pid");
  ASSERT_TRUE(lives(master));
  supervisor_->stop_service("web");
  EXPECT_FALSE(lives(master));
}

// Runs in a mount namespace of its own, where the work folder holds 8 MiB; started by the test below.
class FullDiskTest : public HardCasesTest {
 protected:
  FullDiskTest() {
    if (const char* small = std::getenv("SLUICE_TEST_SMALL_DISK")) environment_.work = small;
  }
};

TEST_F(FullDiskTest, DISABLED_Inside) {
  const std::string fill = "exec dd if=/dev/zero of=" + (environment_.work / "fill").string() + " bs=64k";
  up("  a: { kind: process, command: [sh, -c, \"" + fill + "\"] }\n");
  EXPECT_THAT(failure_of_start(), AllOf(HasSubstr("service a ended before it was ready (exit code 1)"),
                                        HasSubstr("No space left on device")));
  supervisor_.reset();
  up("  db: { kind: postgres }\n");
  EXPECT_THAT(failure_of_start(), AllOf(HasSubstr("service db: cannot copy "), HasSubstr("No space left on device")));
  supervisor_.reset();
  up("  cache: { kind: redis }\n");
  EXPECT_THAT(failure_of_start(), HasSubstr("service cache: cannot write "));
}

TEST_F(FullDiskTest, SaysThatTheDiskIsFullAndLeavesNothing) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may mount a small disk";
  const auto small = folder_.path() / "small";
  fs::create_directory(small);
  const std::string self = fs::read_symlink("/proc/self/exe");
  const auto inner = host_.spawn(
      {.command = {"unshare", "--mount", "--propagation", "private", "sh", "-c",
                   "mount -t tmpfs -o size=8m,mode=0711 none \"$SLUICE_TEST_SMALL_DISK\" || exit 77; exec \"$0\" "
                   "--gtest_also_run_disabled_tests --gtest_filter=FullDiskTest.DISABLED_Inside",
                   self},
       .environment = {{"SLUICE_TEST_SMALL_DISK", small.string()}},
       .directory = folder_.path(),
       .log = folder_.path() / "inner.log"});
  const auto status = inner->wait(120s);
  ASSERT_TRUE(status) << "it hangs";
  if (status->code == 77 || status->code == 1) {
    const std::string said = log_tail(folder_.path() / "inner.log");
    if (said.find("unshare") != std::string::npos || said.find("mount:") != std::string::npos)
      GTEST_SKIP() << "no small disk can be mounted here: " << said;
  }
  EXPECT_TRUE(status->succeeded()) << log_tail(folder_.path() / "inner.log", 40);
  EXPECT_TRUE(fs::is_empty(small));
}

}  // namespace
}  // namespace sluice::services
