#include "suites/isolation/replant.hpp"

#include <gmock/gmock.h>

#include "suites/isolation/gzip.hpp"
#include "suites/isolation/testing/tokens.hpp"

namespace sluice::isolation {
namespace {

using namespace sluice::isolation::testing;
using ::testing::HasSubstr;

Recording recorded(scenario::Exchange exchange) { return {.viewer = 1, .exchange = std::move(exchange)}; }

TEST(Replant, IsCaughtInEveryViewOfABody) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Control control =
        replant({recorded(answer("{\"text\":\"" + secret_of_1 + "\"}"))}, *two_users(), 1u << 20, seed);
    ASSERT_TRUE(control.caught) << control.observed;
    EXPECT_THAT(control.planted, HasSubstr("the secret of user 2 (round 1) in what user 1 received"));
    EXPECT_EQ(control.observed, "all 15 seen as leaks at their offsets");
  }
}

TEST(Replant, IsCaughtInACompressedBody) {
  const auto exchange = answer(gzip("some text"), {{"content-encoding", "gzip"}});
  const Control control = replant({recorded(exchange)}, *two_users(), 1u << 20, 5);
  EXPECT_TRUE(control.caught) << control.observed;
}

TEST(Replant, IsCaughtInMessagesAndTheCloseReason) {
  scenario::Exchange exchange;
  exchange.messages = {{.payload = "one"}, {.payload = "two"}, {.payload = "three"}};
  exchange.close = net::WebSocketClose{.code = 1000, .reason = ""};
  const Control control = replant({recorded(exchange)}, *two_users(), 1u << 20, 5);
  EXPECT_TRUE(control.caught) << control.observed;
  EXPECT_EQ(control.observed, "all 25 seen as leaks at their offsets");
}

TEST(Replant, NamesTheViewsThatTheRunCouldNotSee) {
  // A limit that lets no compressed body be read: what is planted there must be told as missed.
  const std::string body(64, 'b');
  const Control control = replant({recorded(answer(body))}, *two_users(), 70, 5);
  EXPECT_FALSE(control.caught);
  EXPECT_THAT(control.observed, HasSubstr("not seen: plain in body at byte"));
}

TEST(Replant, IsNotCaughtWithoutARecording) { EXPECT_FALSE(replant({}, *two_users(), 1u << 20, 5).caught); }

TEST(Replant, IsNotCaughtWithoutAForeignSecret) {
  const Watchlist own({{.text = secret_of_1, .name = "secret", .owner = 1, .round = 1, .side = "new"}});
  EXPECT_FALSE(replant({recorded(answer("text"))}, own, 1u << 20, 5).caught);
}

}  // namespace
}  // namespace sluice::isolation
