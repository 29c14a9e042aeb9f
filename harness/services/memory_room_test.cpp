#include "harness/services/memory_room.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "harness/testing/check_context.hpp"

namespace sluice::services {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
constexpr std::uint64_t gibibyte = std::uint64_t{1} << 30;
constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

class ControlGroupTest : public ::testing::Test {
 protected:
  void group(const std::string& path, const std::vector<std::pair<std::string, std::string>>& files) const {
    fs::create_directories(folder_.path() / path);
    for (const auto& [name, text] : files) folder_.write(path + "/" + name, text);
  }
  std::uint64_t room(const std::string& groups) const { return control_group_room(groups, folder_.path()); }
  testing::TemporaryFolder folder_;
};

TEST_F(ControlGroupTest, TheTightestOfAllAboveCounts) {
  group("a", {{"memory.max", "1000\n"}, {"memory.current", "400\n"}, {"memory.stat", "anon 1\ninactive_file 100\n"}});
  group("a/b", {{"memory.max", "max\n"}, {"memory.current", "300\n"}});
  EXPECT_EQ(room("0::/a/b\n"), 700u);
  group("a/b", {{"memory.max", "350\n"}, {"memory.current", "300\n"}});
  EXPECT_EQ(room("0::/a/b\n"), 50u);
}

TEST_F(ControlGroupTest, KnowsTheFirstVersionToo) {
  group("memory/a", {{"memory.limit_in_bytes", "1000"},
                     {"memory.usage_in_bytes", "900"},
                     {"memory.stat", "inactive_file 1\ntotal_inactive_file 200\n"}});
  EXPECT_EQ(room("5:cpu:/x\n4:memory:/a\n0::/\n"), 300u);
}

TEST_F(ControlGroupTest, InAContainerOnlyTheMountItselfMayBeThere) {
  group(".", {{"memory.max", "500"}, {"memory.current", "100"}});
  EXPECT_EQ(room("0::/docker/0123\n"), 400u);
}

TEST_F(ControlGroupTest, WithoutALimitOrAboveItsLimit) {
  EXPECT_EQ(room("0::/\n"), unlimited);
  EXPECT_EQ(room("nonsense"), unlimited);
  group(".", {{"memory.max", "500"}, {"memory.current", "700"}});
  EXPECT_EQ(room("0::/\n"), 0u);
}

TEST(MemoryRoom, IsNoneWhereNothingLiesInMemory) {
  EXPECT_EQ(memory_room({}), 0u);
  EXPECT_EQ(memory_room("/no/such/folder"), 0u);
  EXPECT_EQ(memory_room("/proc"), 0u);
}

TEST(WhyOnDisk, MemoryHoldsWhatIsThrownAwayWhereThereIsRoom) {
  const StorageRequest request{.wanted = "auto", .durable = false, .loaded = 0, .room = 2 * gibibyte};
  EXPECT_THAT(why_on_disk(request), IsEmpty());
  StorageRequest small = request;
  --small.room;
  EXPECT_THAT(why_on_disk(small), HasSubstr("memory has room for 2047 MiB, and 2048 MiB should be free"));
  small.wanted = "memory";
  EXPECT_THAT(why_on_disk(small), HasSubstr("memory has room"));
}

TEST(WhyOnDisk, HugeDataLiesOnTheDisk) {
  const StorageRequest request{.wanted = "auto", .durable = false, .loaded = gibibyte, .room = 18 * gibibyte};
  EXPECT_THAT(why_on_disk(request), IsEmpty());
  StorageRequest more = request;
  more.loaded += gibibyte;
  EXPECT_THAT(why_on_disk(more), HasSubstr("and 34816 MiB should be free"));
  more.loaded = unlimited - 1;
  EXPECT_EQ(memory_needed(more), unlimited);
  EXPECT_THAT(why_on_disk(more), Not(IsEmpty()));
}

TEST(MemoryRoom, RunsOutBelowAQuarterOfAGibibyteByDataOfOne) {
  EXPECT_TRUE(memory_runs_out(gibibyte / 4 - 1));
  EXPECT_FALSE(memory_runs_out(gibibyte / 4));
  EXPECT_TRUE(takes_memory(gibibyte));
  EXPECT_FALSE(takes_memory(gibibyte - 1));
}

TEST(WhyOnDisk, WhatIsDurableLiesOnTheDisk) {
  EXPECT_THAT(why_on_disk({.wanted = "auto", .durable = true, .loaded = 0, .room = unlimited}), HasSubstr("durable"));
  EXPECT_THAT(why_on_disk({.wanted = "disk", .durable = false, .loaded = 0, .room = unlimited}),
              HasSubstr("storage: disk"));
}

}  // namespace
}  // namespace sluice::services
