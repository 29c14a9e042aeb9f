#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "harness/cli/testing/sluice_process.hpp"
#include "harness/services/log_tail.hpp"
#include "harness/services/run_folder.hpp"

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

std::string content(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// Whether a run that lives holds the folder: the lock tells.
bool has_owner(const fs::path& folder) {
  const int lock = open((folder / "owner").c_str(), O_RDWR | O_CLOEXEC);
  if (lock < 0) return false;
  const bool held = flock(lock, LOCK_EX | LOCK_NB) != 0;
  close(lock);
  return held;
}

// Shared memory that no process uses any more: what a killed PostgreSQL leaves when nobody cleans up behind it. Other
// clusters on the machine hold on to theirs.
std::set<std::string> orphaned_shared_memory() {
  std::set<std::string> orphaned;
  std::istringstream segments(content("/proc/sysvipc/shm"));
  std::string line;
  for (std::getline(segments, line); std::getline(segments, line);) {
    std::istringstream fields(line);
    std::string key, id, mode, size, creator, last;
    int attached = 0;
    if (fields >> key >> id >> mode >> size >> creator >> last >> attached && attached == 0) orphaned.insert(id);
  }
  std::string mapped;
  for (const auto& process : fs::directory_iterator("/proc")) mapped += content(process.path() / "maps");
  for (const auto& file : fs::directory_iterator("/dev/shm")) {
    if (mapped.find(file.path().string()) == std::string::npos && !has_owner(file.path()))
      orphaned.insert(file.path().filename());
  }
  return orphaned;
}

std::vector<std::string> added(const std::set<std::string>& before, const std::set<std::string>& after) {
  std::vector<std::string> more;
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(), std::back_inserter(more));
  return more;
}

class TracesTest : public cli::testing::SluiceProcess {
 protected:
  TracesTest() {
    folder_.write("server.pl", server_script);
    folder_.write("corpus.jsonl", "{\"method\": \"GET\", \"path\": \"/a\"}\n");
    folder_.write("plan.yaml", plan_text);
  }

  std::unique_ptr<services::ChildProcess> begin(const std::string& name) {
    return start({"run", "plan.yaml", "--out", name}, {}, name + ".log");
  }
  void expect_go(services::ChildProcess& run, const std::string& name) const {
    EXPECT_EQ(exit_of(run), 0) << services::log_tail(folder_.path() / (name + ".log"), 40);
  }
  // Processes of any run below our TMPDIR: services, their children, the guard.
  std::vector<std::string> processes() const {
    std::vector<std::string> found;
    const std::string ours = "TMPDIR=" + temporary().string();
    for (const auto& entry : fs::directory_iterator("/proc")) {
      const std::string text = content(entry.path() / "environ");
      if (text.find(ours) == std::string::npos) continue;
      std::ifstream command(entry.path() / "comm");
      std::string name;
      if (std::getline(command, name)) found.push_back(entry.path().filename().string() + " " + name);
    }
    return found;
  }
  bool log_of_database_says_ready() const {
    return services::log_contains(folder_.path() / "killed" / "logs" / "db.log", "ready to accept connections");
  }
  void expect_nothing_left(const std::set<std::string>& before) const {
    EXPECT_THAT(processes(), IsEmpty());
    EXPECT_THAT(run_markers(), IsEmpty());
    EXPECT_THAT(added(before, orphaned_shared_memory()), IsEmpty());
  }
};

TEST_F(TracesTest, FiftyRunsInARowLeaveNothing) {
  const auto before = orphaned_shared_memory();
  for (int i = 0; i < 50 && !HasFailure(); ++i) expect_go(*begin("out"), "out");
  expect_nothing_left(before);
}

TEST_F(TracesTest, FourRunsAtOnceDoNotDisturbEachOther) {
  const auto before = orphaned_shared_memory();
  for (int round = 0; round < 3 && !HasFailure(); ++round) {
    std::vector<std::unique_ptr<services::ChildProcess>> runs;
    for (int i = 0; i < 4; ++i) runs.push_back(begin("out-" + std::to_string(i)));
    for (int i = 0; i < 4; ++i) expect_go(*runs[static_cast<std::size_t>(i)], "out-" + std::to_string(i));
  }
  expect_nothing_left(before);
}

// The guard killed too: then it is the next start, whatever its TMPDIR.
TEST_F(TracesTest, TheNextStartSweepsWhatNobodyCouldCleanUp) {
  const auto before = orphaned_shared_memory();
  const auto run = begin("killed");
  while (!log_of_database_says_ready() && !run->exited()) std::this_thread::yield();
  for (const auto& process : processes()) {
    if (process.ends_with(" sluice-guard")) kill(std::stoi(process), SIGKILL);
  }
  kill(run->pid(), SIGKILL);
  run->wait(60s);
  EXPECT_FALSE(run_markers().empty());
  expect_go(*begin("after"), "after");
  expect_nothing_left(before);
}

TEST_F(TracesTest, KilledAtThirtyRandomMomentsItLeavesNothing) {
  const auto before = orphaned_shared_memory();
  const auto begun = std::chrono::steady_clock::now();
  expect_go(*begin("out"), "out");
  const auto whole_run = std::chrono::steady_clock::now() - begun;
  std::mt19937 random(20261121);
  std::uniform_int_distribution<std::int64_t> moment(0, std::chrono::nanoseconds(whole_run).count());
  std::chrono::nanoseconds longest{0};
  for (int i = 0; i < 30 && !HasFailure(); ++i) {
    const auto run = begin("killed");
    run->wait(std::chrono::nanoseconds(moment(random)));
    kill(run->pid(), SIGKILL);
    run->wait(60s);
    const auto killed = std::chrono::steady_clock::now();
    // The bound only ends the test when something is left for good.
    while (!(processes().empty() && run_markers().empty()) && std::chrono::steady_clock::now() < killed + 60s) {
      std::this_thread::sleep_for(1ms);
    }
    longest = std::max(longest, std::chrono::nanoseconds(std::chrono::steady_clock::now() - killed));
    expect_nothing_left(before);
  }
  expect_go(*begin("after"), "after");
  expect_nothing_left(before);
  RecordProperty("longest_clean_up_ms", std::to_string(longest.count() / 1'000'000));
  std::cout << "longest clean-up after SIGKILL: " << longest.count() / 1'000'000 << " ms\n";
}

}  // namespace
}  // namespace sluice
