#include "harness/stores/clone_owner.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice::stores {
namespace {

TEST(CloneOwner, IsThisProcessAsLongAsItLives) {
  const std::string prefix = clone_prefix();
  EXPECT_EQ(prefix, clone_prefix());
  EXPECT_LT(prefix.size(), 63 - 16U) << "PostgreSQL cuts longer names";
  EXPECT_FALSE(is_abandoned_clone(prefix + "00c0ffee"));
}

TEST(CloneOwner, IsGoneWithItsProcess) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const std::string prefix = clone_prefix();
    const bool written = write(ends[1], prefix.data(), prefix.size()) == static_cast<ssize_t>(prefix.size());
    _exit(written ? 0 : 1);
  }
  std::string prefix(200, '\0');
  const auto size = read(ends[0], prefix.data(), prefix.size());
  ASSERT_GT(size, 0);
  prefix.resize(static_cast<std::size_t>(size));
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_TRUE(is_abandoned_clone(prefix + "00c0ffee"));
  close(ends[0]);
  close(ends[1]);
}

TEST(CloneOwner, IsAnotherOneWhereTheNumberWasGivenAnew) {
  std::string prefix = clone_prefix();
  prefix.insert(prefix.size() - 1, "1");  // started at another time
  EXPECT_TRUE(is_abandoned_clone(prefix + "00c0ffee"));
}

TEST(CloneOwner, IsLeftAloneWhereItCannotBeTold) {
  const std::string prefix = clone_prefix();
  const std::string machine = prefix.substr(0, prefix.find('_', std::string("sluice_clone_").size()) + 1);
  for (const std::string name :
       {std::string("voice"), std::string("sluice_clone_"), std::string("sluice_clone_1234_00c0ffee"),
        std::string("sluice_clone_0123456789abcdef_1_1_00c0ffee"), machine, machine + "x_1_2", machine + "-1_1_2",
        machine + "99999999999999999999_1_2", machine + "0_1_2"}) {
    EXPECT_FALSE(is_abandoned_clone(name)) << name;
  }
}

}  // namespace
}  // namespace sluice::stores
