#include "suites/isolation/route_map.hpp"

#include <gtest/gtest.h>

#include "harness/core/errors.hpp"

namespace sluice::isolation {
namespace {

using Routes = std::map<std::string, std::string>;

TEST(RouteMap, KeepsQueryAndTemplates) {
  const RouteMap routes({{"/api/search", "/v2/search"}, {"/ws", "/v2/ws"}});
  EXPECT_EQ(routes.rewritten("/api/search?q={{secret}}"), "/v2/search?q={{secret}}");
  EXPECT_EQ(routes.rewritten("/ws/{{session}}"), "/v2/ws/{{session}}");
}

TEST(RouteMap, TakesTheLongestPrefix) {
  const RouteMap routes({{"/api", "/v2"}, {"/api/search", "/find"}});
  EXPECT_EQ(routes.rewritten("/api/search/deep"), "/find/deep");
  EXPECT_EQ(routes.rewritten("/api/other"), "/v2/other");
}

TEST(RouteMap, MatchesWholeSegmentsOnly) {
  const RouteMap routes(Routes{{"/api/search", "/v2/search"}});
  EXPECT_EQ(routes.rewritten("/api/searching"), "/api/searching");
}

TEST(RouteMap, LeavesOtherPathsAlone) { EXPECT_EQ(RouteMap().rewritten("/a?b#c"), "/a?b#c"); }

TEST(RouteMap, RefusesWhatIsNoPath) { EXPECT_THROW(RouteMap(Routes{{"api", "/v2"}}), InputError); }

}  // namespace
}  // namespace sluice::isolation
