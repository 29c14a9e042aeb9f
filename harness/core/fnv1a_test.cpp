#include "harness/core/fnv1a.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

// The values that its authors publish (draft-eastlake-fnv).
TEST(Fnv1a, IsThePublishedOne) {
  EXPECT_EQ(fnv1a(""), 0xcbf29ce484222325U);
  EXPECT_EQ(fnv1a("a"), 0xaf63dc4c8601ec8cU);
  EXPECT_EQ(fnv1a("foobar"), 0x85944171f73967e8U);
}

TEST(Fnv1a, DiffersBySeed) { EXPECT_NE(fnv1a("check", 1), fnv1a("check", 2)); }

}  // namespace
}  // namespace sluice
