#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "harness/services/child_process.hpp"
#include "harness/services/log_tail.hpp"
#include "harness/services/run_folder.hpp"
#include "harness/testing/check_context.hpp"

// Whatever becomes of a run, the machine is as it was before: no process (so no port), folder or shared memory
// of it is left.
namespace sluice {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using ::testing::IsEmpty;

constexpr const char* server_script = R"(
use IO::Socket::INET; $| = 1; $SIG{TERM} = sub { exit 0 };
my $s = IO::Socket::INET->new(LocalAddr => $ARGV[0], Listen => 50, ReuseAddr => 1) or die "cannot listen: $!";
while (my $c = $s->accept()) {
  while (<$c>) { last if /^\r?\n$/ }
  print $c "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"; close $c;
}
)";

// v1 leaves a grandchild behind in a session of its own, as daemons do.
constexpr const char* plan_text = R"(sluice: 1
name: traces
services:
  db: { kind: postgres, databases: [one] }
  v1: { kind: process, command: [sh, -c, "setsid sleep 1000 & exec perl server.pl ${self.address}"], ready: { http: / } }
  v2: { kind: process, command: [perl, server.pl, "${self.address}"], needs: [db], ready: { http: / } }
endpoints: { old: "${v1.url}", new: "${v2.url}" }
actions: { nothing: { command: ["true"] } }
checks: { same: { kind: compat.replay, corpus: corpus.jsonl } }
phases: [ { name: only, enter: [nothing], after: [same] } ]
)";

std::string read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// Shared memory that no process uses any more: what a killed PostgreSQL leaves when nobody cleans up behind it. Other
// clusters on the machine hold on to theirs.
std::set<std::string> orphaned_shared_memory() {
  std::set<std::string> orphaned;
  std::istringstream segments(read("/proc/sysvipc/shm"));
  std::string line;
  for (std::getline(segments, line); std::getline(segments, line);) {
    std::istringstream fields(line);
    std::string key, id, mode, size, creator, last;
    int attached = 0;
    if (fields >> key >> id >> mode >> size >> creator >> last >> attached && attached == 0) orphaned.insert(id);
  }
  std::string mapped;
  for (const auto& process : fs::directory_iterator("/proc")) mapped += read(process.path() / "maps");
  for (const auto& file : fs::directory_iterator("/dev/shm")) {
    if (mapped.find(file.path().string()) == std::string::npos) orphaned.insert(file.path().filename());
  }
  return orphaned;
}

std::vector<std::string> added(const std::set<std::string>& before, const std::set<std::string>& after) {
  std::vector<std::string> more;
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(), std::back_inserter(more));
  return more;
}

class TracesTest : public ::testing::Test {
 protected:
  TracesTest() {
    folder_.write("server.pl", server_script);
    folder_.write("corpus.jsonl", "{\"method\": \"GET\", \"path\": \"/a\"}\n");
    folder_.write("plan.yaml", plan_text);
    fs::create_directory(folder_.path() / "tmp");
    fs::permissions(folder_.path(), fs::perms::group_exec | fs::perms::others_exec, fs::perm_options::add);
    fs::permissions(folder_.path() / "tmp", fs::perms::group_exec | fs::perms::others_exec, fs::perm_options::add);
  }

  std::unique_ptr<services::ChildProcess> start(const std::string& name) {
    return host_.spawn({.command = {std::string(SLUICE_BIN_DIR) + "/sluice", "run", "plan.yaml", "--out", name},
                        .environment = {{"TMPDIR", (folder_.path() / "tmp").string()},
                                        {"XDG_STATE_HOME", (folder_.path() / "state").string()},
                                        {"SLUICE_LEDGER", ""},
                                        {"NO_COLOR", "1"},
                                        {"GITHUB_STEP_SUMMARY", ""}},
                        .directory = folder_.path(),
                        .log = folder_.path() / (name + ".log")});
  }
  void expect_go(services::ChildProcess& run, const std::string& name) {
    const auto status = run.wait(120s);
    EXPECT_TRUE(status && status->succeeded()) << services::log_tail(folder_.path() / (name + ".log"), 40);
  }
  std::vector<std::string> run_folders() const {
    std::vector<std::string> found;
    for (const auto& user : fs::directory_iterator(folder_.path() / "tmp")) {
      for (const auto& entry : fs::directory_iterator(user.path())) {
        if (entry.path().filename().string().starts_with("run-")) found.push_back(entry.path().filename());
      }
    }
    return found;
  }
  // Processes of any run below our TMPDIR: services, their children, the guard.
  std::vector<std::string> processes() const {
    std::vector<std::string> found;
    const std::string ours = "TMPDIR=" + (folder_.path() / "tmp").string();
    for (const auto& entry : fs::directory_iterator("/proc")) {
      const std::string text = read(entry.path() / "environ");
      if (text.find(ours) == std::string::npos) continue;
      std::ifstream command(entry.path() / "comm");
      std::string name;
      if (std::getline(command, name)) found.push_back(entry.path().filename().string() + " " + name);
    }
    return found;
  }
  void expect_nothing_left(const std::set<std::string>& before) const {
    EXPECT_THAT(processes(), IsEmpty());
    EXPECT_THAT(run_folders(), IsEmpty());
    EXPECT_THAT(added(before, orphaned_shared_memory()), IsEmpty());
  }

  testing::TemporaryFolder folder_;
  services::ProcessHost host_{"test-" + folder_.path().filename().string()};
};

TEST_F(TracesTest, FiftyRunsInARowLeaveNothing) {
  const auto before = orphaned_shared_memory();
  for (int i = 0; i < 50 && !HasFailure(); ++i) expect_go(*start("out"), "out");
  expect_nothing_left(before);
}

TEST_F(TracesTest, FourRunsAtOnceDoNotDisturbEachOther) {
  const auto before = orphaned_shared_memory();
  for (int round = 0; round < 3 && !HasFailure(); ++round) {
    std::vector<std::unique_ptr<services::ChildProcess>> runs;
    for (int i = 0; i < 4; ++i) runs.push_back(start("out-" + std::to_string(i)));
    for (int i = 0; i < 4; ++i) expect_go(*runs[static_cast<std::size_t>(i)], "out-" + std::to_string(i));
  }
  expect_nothing_left(before);
}

TEST_F(TracesTest, KilledAtThirtyRandomMomentsItLeavesNothing) {
  const auto before = orphaned_shared_memory();
  const auto begun = std::chrono::steady_clock::now();
  expect_go(*start("out"), "out");
  const auto whole_run = std::chrono::steady_clock::now() - begun;
  std::mt19937 random(20261121);
  std::uniform_int_distribution<std::int64_t> moment(0, std::chrono::nanoseconds(whole_run).count());
  std::chrono::nanoseconds longest{0};
  for (int i = 0; i < 30 && !HasFailure(); ++i) {
    const auto run = start("killed");
    run->wait(std::chrono::nanoseconds(moment(random)));
    kill(run->pid(), SIGKILL);
    run->wait(10s);
    const auto killed = std::chrono::steady_clock::now();
    // The bound only ends the test when something is left for good.
    while (!(processes().empty() && run_folders().empty()) && std::chrono::steady_clock::now() < killed + 20s) {
      std::this_thread::yield();
    }
    longest = std::max(longest, std::chrono::nanoseconds(std::chrono::steady_clock::now() - killed));
    expect_nothing_left(before);
  }
  expect_go(*start("after"), "after");
  expect_nothing_left(before);
  RecordProperty("longest_clean_up_ms", std::to_string(longest.count() / 1'000'000));
  std::cout << "longest clean-up after SIGKILL: " << longest.count() / 1'000'000 << " ms\n";
}

}  // namespace
}  // namespace sluice
