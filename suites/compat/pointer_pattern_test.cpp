#include "suites/compat/pointer_pattern.hpp"

#include <gtest/gtest.h>

#include "harness/core/errors.hpp"

namespace sluice::compat {
namespace {

bool matches(const char* pattern, const char* place) { return PointerPattern(pattern).matches(place); }

TEST(PointerPattern, MatchesSegmentBySegment) {
  EXPECT_TRUE(matches("/items/*/id", "/items/3/id"));
  EXPECT_FALSE(matches("/items/*/id", "/items/3/4/id"));
  EXPECT_FALSE(matches("/items/*", "/items"));
  EXPECT_TRUE(matches("/items/*_at", "/items/created_at"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("", "/a"));
}

TEST(PointerPattern, LetsTwoStarsStandForAnyNumberOfSegments) {
  EXPECT_TRUE(matches("/**/id", "/id"));
  EXPECT_TRUE(matches("/**/id", "/a/0/b/id"));
  EXPECT_TRUE(matches("/meta/**", "/meta"));
  EXPECT_TRUE(matches("/meta/**", "/meta/a/b"));
  EXPECT_FALSE(matches("/meta/**", "/metadata"));
}

TEST(PointerPattern, NamesOtherPlacesOfAnAnswer) {
  EXPECT_TRUE(matches("header:X-*", "header:X-Request-Id"));
  EXPECT_TRUE(matches("status", "status"));
  EXPECT_TRUE(matches("body/**", "body/12"));
}

TEST(PointerPattern, RefusesWhatCanMatchNoPlace) { EXPECT_THROW(PointerPattern("items/*/id"), InputError); }

}  // namespace
}  // namespace sluice::compat
