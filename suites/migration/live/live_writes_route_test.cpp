#include "suites/migration/live/live_writes_route.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/core/errors.hpp"
#include "harness/testing/check_context.hpp"

namespace sluice::migration {
namespace {

using ::testing::HasSubstr;

WriteRoute route(const std::string& written, const std::vector<std::string>& planned = {"migrate", "catch-up"}) {
  CheckKind kind;
  kind.parameters = {WriteRoute::parameter()};
  return {testing::make_parameters(kind, "{ route: " + written + " }"), planned};
}

std::string refusal(const std::string& written) {
  try {
    route(written);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(WriteRoute, StaysWhereOneWordPutsIt) {
  EXPECT_EQ(route("new").now({"migrate"}, {"migrate"}), WriteTarget::new_side);
  EXPECT_TRUE(route("new").uses("new"));
  EXPECT_FALSE(route("new").uses("old"));
}

TEST(WriteRoute, FollowsTheActions) {
  const auto follows =
      route("[old, { to: both, from: migrate }, { to: none, from: catch-up }, { to: new, after: catch-up }]");
  EXPECT_EQ(follows.now({}, {}), WriteTarget::old_side);
  EXPECT_EQ(follows.now({"migrate"}, {}), WriteTarget::both);
  EXPECT_EQ(follows.now({"migrate"}, {"migrate"}), WriteTarget::both);
  EXPECT_EQ(follows.now({"migrate", "catch-up"}, {"migrate"}), WriteTarget::none);
  EXPECT_EQ(follows.now({"migrate", "catch-up"}, {"migrate", "catch-up"}), WriteTarget::new_side);
}

TEST(WriteRoute, RefusesEntriesThatSayNothing) {
  EXPECT_THAT(refusal("[old, new]"), HasSubstr("every entry but the first"));
  EXPECT_THAT(refusal("[{ to: old, from: migrate }]"), HasSubstr("the first entry holds from the beginning"));
  EXPECT_THAT(refusal("[old, { to: new, after: cutover }]"),
              HasSubstr("the phase enters no action 'cutover', but migrate, catch-up"));
}

}  // namespace
}  // namespace sluice::migration
