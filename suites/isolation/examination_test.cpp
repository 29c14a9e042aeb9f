#include "suites/isolation/examination.hpp"

#include <gmock/gmock.h>

#include "suites/isolation/gzip.hpp"
#include "suites/isolation/testing/tokens.hpp"

namespace sluice::isolation {
namespace {

using namespace sluice::isolation::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Seen {
  std::vector<std::string> places;  ///< "body", "body after gzip"
  Examination examination;
};

Seen examined(const scenario::Exchange& exchange, std::size_t decoded_limit = 1u << 20) {
  Seen seen;
  const auto watchlist = two_users();
  seen.examination = examine(exchange, *watchlist, decoded_limit, [&](const Sighting& sighting) {
    const std::string decoding = sighting.place.decoding.empty() ? "" : " after " + sighting.place.decoding;
    seen.places.push_back(sighting.place.name + decoding);
  });
  return seen;
}

TEST(Examination, SearchesEveryPlaceOfAnHttpAnswer) {
  auto exchange = answer("body " + secret_of_1, {{"Set-Cookie", "a=" + secret_of_2}, {secret_of_1, "x"}});
  exchange.response->reason = "OK " + secret_of_2;
  EXPECT_THAT(examined(exchange).places,
              ElementsAre("status reason", "header Set-Cookie", "name of header " + secret_of_1, "body"));
}

TEST(Examination, SearchesMessagesAndTheCloseReason) {
  scenario::Exchange exchange;
  exchange.messages = {{.payload = "nothing"}, {.text = false, .payload = "x" + secret_of_1}};
  exchange.close = net::WebSocketClose{.code = 1000, .reason = "bye " + session_of_2};
  EXPECT_THAT(examined(exchange).places, ElementsAre("message 2", "close reason"));
}

TEST(Examination, UndoesContentEncodings) {
  const auto seen = examined(answer(gzip("{\"a\":\"" + secret_of_1 + "\"}"), {{"Content-Encoding", "gzip"}}));
  EXPECT_THAT(seen.places, ElementsAre("body after gzip"));
  EXPECT_EQ(seen.examination.unscanned_bytes, 0u);
}

TEST(Examination, UndoesGzipThatNoHeaderAnnounces) {
  EXPECT_THAT(examined(answer(gzip(secret_of_1))).places, ElementsAre("body after gzip, not announced"));
}

TEST(Examination, SearchesEncodedBodiesAsTheyCameToo) {
  // A body that claims to be compressed and is not: what cannot be decoded still leaks in plain sight.
  const auto seen = examined(answer(secret_of_1, {{"Content-Encoding", "br"}}));
  EXPECT_THAT(seen.places, ElementsAre("body"));
}

TEST(Examination, CountsBodiesItCannotDecode) {
  const auto seen = examined(answer("\x8b\x01\x80", {{"Content-Encoding", "br"}}));
  EXPECT_THAT(seen.places, IsEmpty());
  EXPECT_EQ(seen.examination.unscanned_bytes, 3u);
  EXPECT_EQ(seen.examination.obstacle, "body with Content-Encoding \"br\"");
}

TEST(Examination, CountsBodiesThatInflateBeyondTheLimit) {
  const std::string bomb = gzip(std::string(100'000, 'a'));
  const auto seen = examined(answer(bomb, {{"Content-Encoding", "gzip"}}), 10'000);
  EXPECT_EQ(seen.examination.unscanned_bytes, bomb.size());
}

TEST(Examination, SearchesEverythingThatWasSent) {
  scenario::Exchange exchange;
  exchange.sent = {
      .method = "POST", .target = "/a?q=" + secret_of_1, .headers = {{"X", session_of_2}}, .body = secret_of_1};
  exchange.messages_sent = {secret_of_2};
  std::vector<std::string> places;
  const auto watchlist = two_users();
  examine_sent(exchange, *watchlist, [&](const Sighting& sighting) { places.push_back(sighting.place.name); });
  EXPECT_THAT(places, ElementsAre("target", "header X", "body", "message"));
}

TEST(Leak, IsAForeignSecretEvenIfTheViewerSentIt) {
  const auto watchlist = two_users();
  EXPECT_TRUE(is_leak(watchlist->tokens[1], 1, {secret_of_2}));
}

TEST(Leak, IsNotOnesOwnSecret) { EXPECT_FALSE(is_leak(two_users()->tokens[0], 1, {})); }

TEST(Leak, IsAForeignIdentifierUnlessTheViewerSentIt) {
  const auto watchlist = two_users();
  EXPECT_TRUE(is_leak(watchlist->tokens[2], 1, {}));
  EXPECT_FALSE(is_leak(watchlist->tokens[2], 1, {session_of_2}));
}

}  // namespace
}  // namespace sluice::isolation
