#include "harness/services/run_folder.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdlib>

#include "harness/services/memory_room.hpp"
#include "harness/testing/check_context.hpp"

namespace sluice::services {
namespace {

namespace fs = std::filesystem;
using ::testing::StartsWith;

class RunFolderTest : public ::testing::Test {
 protected:
  RunFolderTest() {
    fs::permissions(base_.path(), fs::perms(0711));
    setenv("TMPDIR", base_.path().c_str(), 1);
    if (memory_room("/dev/shm") == 0) skip_ = true;
  }
  ~RunFolderTest() override {
    if (before_.empty())
      unsetenv("TMPDIR");
    else
      setenv("TMPDIR", before_.c_str(), 1);
  }
  void SetUp() override {
    if (skip_) GTEST_SKIP() << "nothing can be kept in /dev/shm here";
  }
  // A folder in memory as a run makes it.
  static fs::path make(const std::string& marker) {
    const fs::path folder = fmt::format("/dev/shm/sluice-{}-{}-abcdef", getuid(), marker);
    fs::create_directories(folder / "db" / "data");
    return folder;
  }

  std::string before_ = std::getenv("TMPDIR") != nullptr ? std::getenv("TMPDIR") : "";
  testing::TemporaryFolder base_;
  bool skip_ = false;
};

TEST_F(RunFolderTest, ItsMemoryIsGoneWithIt) {
  fs::path memory;
  {
    const RunFolder folder;
    memory = folder.memory();
    EXPECT_THAT(memory.string(), StartsWith(fmt::format("/dev/shm/sluice-{}-{}-", getuid(), folder.marker())));
    EXPECT_EQ(fs::status(memory).permissions(), fs::perms(0711));
    fs::create_directories(memory / "db" / "data");
  }
  EXPECT_FALSE(fs::exists(memory));
}

TEST_F(RunFolderTest, SweepsTheMemoryOfDeadRunsOnly) {
  const auto living = make("run-alive1");
  const int lock = open((living / "owner").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(flock(lock, LOCK_EX), 0);
  const auto dead = make("run-dead01");
  const fs::path foreign = fmt::format("/dev/shm/sluice-{}-other", getuid() + 1);
  fs::create_directory(foreign);
  {
    const RunFolder folder;
    EXPECT_FALSE(fs::exists(dead));
    EXPECT_TRUE(fs::exists(living / "db" / "data"));
    EXPECT_TRUE(fs::exists(foreign));
  }
  fs::remove(foreign);
  close(lock);
  const RunFolder next;
  EXPECT_FALSE(fs::exists(living));
}

}  // namespace
}  // namespace sluice::services
