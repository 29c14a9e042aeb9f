#include "harness/scenario/route_map.hpp"

#include <gtest/gtest.h>

#include "harness/core/errors.hpp"

namespace sluice::scenario {
namespace {

RouteMap routes(const std::map<std::string, std::string>& entries) { return RouteMap(entries); }

std::string mapped(const RouteMap& map, std::string method, std::string path) {
  map.apply(method, path);
  return method + " " + path;
}

TEST(RouteMap, RewritesAPrefixAtASegmentBoundaryAndKeepsTheRest) {
  const RouteMap map = routes({{"/api", "/v2"}});
  EXPECT_EQ(mapped(map, "GET", "/api/search?q=/api"), "GET /v2/search?q=/api");
  EXPECT_EQ(mapped(map, "GET", "/api"), "GET /v2");
  EXPECT_EQ(mapped(map, "GET", "/apis/x"), "GET /apis/x");
}

TEST(RouteMap, FillsTemplates) {
  const RouteMap map = routes({{"/users/{u}/items/{id}", "/v2/items/{id}/of/{u}"}});
  EXPECT_EQ(mapped(map, "GET", "/users/7/items/{{cid}}?x=1"), "GET /v2/items/{{cid}}/of/7?x=1");
  EXPECT_EQ(mapped(map, "GET", "/users/7/items/8/more"), "GET /users/7/items/8/more");
}

TEST(RouteMap, PrefersTheMostSpecificEntry) {
  const RouteMap map(
      {{"/api", "/v2"}, {"/api/items", "/things"}, {"POST /api/items", "PUT /new"}, {"/api/items/{id}", "/one/{id}"}});
  EXPECT_EQ(mapped(map, "GET", "/api/other"), "GET /v2/other");
  EXPECT_EQ(mapped(map, "GET", "/api/items"), "GET /things");
  EXPECT_EQ(mapped(map, "POST", "/api/items"), "PUT /new");
  EXPECT_EQ(mapped(map, "GET", "/api/items/3"), "GET /one/3");
}

TEST(RouteMap, MovesFromAndToTheRoot) {
  EXPECT_EQ(mapped(routes({{"/", "/v2"}}), "GET", "/a?b"), "GET /v2/a?b");
  EXPECT_EQ(mapped(routes({{"/api", "/"}}), "GET", "/api/a"), "GET /a");
  EXPECT_EQ(mapped(routes({{"/api", "/"}}), "GET", "/api"), "GET /");
}

TEST(RouteMap, NamesTheEntryItCannotUse) {
  EXPECT_THROW(routes({{"api", "/v2"}}), InputError);
  EXPECT_THROW(routes({{"/api", "v2"}}), InputError);
  try {
    routes({{"/api/{id}", "/v2/{key}"}});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "routes: \"/api/{id}\": {key} of \"/v2/{key}\" is not in the old route");
  }
}

}  // namespace
}  // namespace sluice::scenario
