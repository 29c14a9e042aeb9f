#include "harness/run/identity.hpp"

#include <gtest/gtest.h>

namespace sluice::run {
namespace {

// FIPS 180-2, appendix B.1, and the digest of nothing.
TEST(Sha256, MatchesThePublishedVectors) {
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Identity, IsOfTheFileOrNothing) {
  EXPECT_FALSE(identify("none", "/nonexistent/file").has_value());
  EXPECT_FALSE(identify("folder", "/tmp").has_value());
  const auto self = identify("test", "/proc/self/exe");
  ASSERT_TRUE(self.has_value());
  EXPECT_GT(self->bytes, 1000u);
  EXPECT_EQ(self->sha256.size(), 64u);
}

}  // namespace
}  // namespace sluice::run
