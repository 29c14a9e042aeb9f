#include "harness/services/child_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "harness/core/errors.hpp"
#include "harness/services/log_tail.hpp"
#include "harness/services/port.hpp"
#include "harness/services/run_folder.hpp"
#include "harness/testing/check_context.hpp"

namespace sluice::services {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

class ChildProcessTest : public ::testing::Test {
 protected:
  SpawnOptions shell(const std::string& script) const {
    return {.command = {"/bin/sh", "-c", script}, .environment = {}, .directory = folder_.path(), .log = log()};
  }
  std::filesystem::path log() const { return folder_.path() / "log"; }
  // Waits until the child has written `text`: the event itself, not a guess at how long it takes.
  bool wrote(const std::string& text) const {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!log_contains(log(), text)) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(1ms);  // so that it leaves the processor to whom it waits for
    }
    return true;
  }

  TemporaryFolder folder_;
  std::string marker_ = "test-" + folder_.path().filename().string();
  ProcessHost host_{marker_};
};

TEST_F(ChildProcessTest, ReportsExitCodesAndSignalsApart) {
  EXPECT_EQ(host_.spawn(shell("exit 3"))->wait(60s)->to_string(), "exit code 3");
  EXPECT_EQ(host_.spawn(shell("kill -TERM $$"))->wait(60s)->to_string(), "killed by signal 15 (Terminated)");
}

TEST_F(ChildProcessTest, WritesBothStreamsToTheLog) {
  host_.spawn(shell("echo out; echo err >&2"))->wait(60s);
  EXPECT_EQ(log_tail(log()), "out\nerr");
}

TEST_F(ChildProcessTest, NamesAProgramThatIsMissing) {
  try {
    host_.spawn({.command = {"/nonexistent/program"}, .environment = {}, .directory = folder_.path(), .log = log()});
    FAIL() << "it was started";
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot start /nonexistent/program: No such file or directory"));
  }
}

TEST_F(ChildProcessTest, GivesTheChildItsEnvironmentAndFolder) {
  auto options = shell("echo \"$COLOUR $SLUICE_RUN\"; pwd");
  options.environment["COLOUR"] = "blue";
  host_.spawn(options)->wait(60s);
  EXPECT_EQ(log_tail(log()), "blue " + marker_ + "\n" + folder_.path().string());
}

TEST_F(ChildProcessTest, EndsOneThatIgnoresSigterm) {
  const auto child = host_.spawn(shell("trap '' TERM; echo armed; while :; do sleep 0.05; done"));
  ASSERT_TRUE(wrote("armed"));
  EXPECT_EQ(child->end(SIGTERM, 100ms).signal, SIGKILL);
}

TEST_F(ChildProcessTest, EndsTheWholeGroup) {
  auto child = host_.spawn(shell("sleep 1000 & echo armed; wait"));
  ASSERT_TRUE(wrote("armed"));
  EXPECT_EQ(processes_of_run(marker_).size(), 2u);
  child->end(SIGTERM, 5s);
  child.reset();
  end_processes_of_run(marker_);
  EXPECT_TRUE(processes_of_run(marker_).empty());
}

TEST_F(ChildProcessTest, FindsAGrandchildThatLeftTheGroup) {
  {
    const auto child = host_.spawn(shell("setsid sh -c 'echo armed; exec sleep 1000' & wait"));
    ASSERT_TRUE(wrote("armed"));
  }
  EXPECT_EQ(processes_of_run(marker_).size(), 1u);
  end_processes_of_run(marker_);
  EXPECT_TRUE(processes_of_run(marker_).empty());
}

TEST_F(ChildProcessTest, TellsOfAnEndAtOnce) {
  std::promise<ExitStatus> ended;
  const auto child = host_.spawn(shell("exit 7"), [&](ExitStatus status) { ended.set_value(status); });
  EXPECT_EQ(ended.get_future().get().code, 7);
}

TEST(LogTail, KeepsTheLastLinesAndEscapesControls) {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 100; ++i) text += "line " + std::to_string(i) + "\n";
  const auto log = folder.write("log", text + "\x1b[31mred\n");
  EXPECT_EQ(log_tail(log, 2), "line 99\n\\x1B[31mred");
  EXPECT_EQ(log_tail(folder.path() / "none"), "");
}

TEST(PortReservation, GivesDifferentFreePorts) {
  const TemporaryFolder folder;
  const PortReservation one(folder.path());
  const PortReservation two(folder.path());
  EXPECT_NE(one.port(), two.port());
  EXPECT_TRUE(port_is_free(one.port()));
}

}  // namespace
}  // namespace sluice::services
