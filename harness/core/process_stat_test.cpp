#include "harness/core/process_stat.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace sluice {
namespace {

TEST(ProcessStatLine, IsReadWhateverTheProcessIsCalled) {
  const auto stat = parse_process_stat("17 (a) b) (c) T 4 16 15 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 987654 0 0\n");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->state, 'T');
  EXPECT_EQ(stat->parent, 4);
  EXPECT_EQ(stat->group, 16);
  EXPECT_EQ(stat->started, 987'654u);
}

TEST(ProcessStatLine, SaysNothingWhenItIsCutOff) {
  EXPECT_FALSE(parse_process_stat(""));
  EXPECT_FALSE(parse_process_stat("17 (name"));
  EXPECT_FALSE(parse_process_stat("17 (name) S 4 17 17 0 -1"));
}

TEST(ProcessStatLine, IsThereForThisProcessAndNotForNone) {
  const auto own = read_process_stat(getpid());
  ASSERT_TRUE(own);
  EXPECT_EQ(own->parent, getppid());
  EXPECT_EQ(own->group, getpgrp());
  EXPECT_GT(own->started, 0u);
  EXPECT_FALSE(read_process_stat(0));
}

}  // namespace
}  // namespace sluice
