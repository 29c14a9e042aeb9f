#include "harness/scenario/player.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/core/errors.hpp"
#include "harness/testing/http_server.hpp"

namespace sluice::scenario {
namespace {

using namespace std::chrono_literals;
using sluice::testing::HttpServer;
using sluice::testing::ServedMessage;
using sluice::testing::ServedReply;
using sluice::testing::ServedRequest;
using sluice::testing::ServedResponse;
using ::testing::HasSubstr;

Player player_of(const HttpServer& server, PlayerOptions options = {}) {
  return Player(net::parse_endpoint(server.url()), Variables(1), std::move(options));
}

HttpServer echoing_server() {
  return HttpServer({.http = [](const ServedRequest& request) -> ServedResponse {
                       return {.headers = {{"X-Target", request.method + " " + request.target}},
                               .body = R"({"id":9007199254740993,"name":"a/b","echo":")" +
                                       std::to_string(request.body.size()) + "\"}"};
                     },
                     .websocket = [](const ServedMessage& got) -> std::vector<ServedReply> {
                       if (got.message.payload == "none") return {};
                       if (got.message.payload == "bye") return {{.close = 1001}};
                       if (got.message.payload == "two")
                         return {{.message = {.payload = "1"}}, {.message = {.payload = "2"}}};
                       return {{.message = {.payload = R"({"id":"s9","heard":)" + got.message.payload + "}"}}};
                     }});
}

TEST(Player, CapturesValuesAndSendsThemEscaped) {
  const HttpServer server = echoing_server();
  Player player = player_of(server);
  Step create{.path = "/items", .capture = {{"id", "/id"}, {"name", "/name"}, {"gone", "/gone"}}};
  EXPECT_EQ(player.play(create).response->status, 200u);
  const Exchange read = player.play(Step{.path = "/items/{{id}}?n={{name}}"});
  EXPECT_EQ(*read.response->header("X-Target"), "GET /items/9007199254740993?n=a%2Fb");
  EXPECT_EQ(read.sent.target, "/items/9007199254740993?n=a%2Fb");
  EXPECT_THROW(player.play(Step{.path = "/{{gone}}"}), InputError);
}

TEST(Player, PutsValuesIntoJsonAsJson) {
  const HttpServer server = echoing_server();
  Player player = player_of(server);
  player.variables().set("v", "a\"b");
  const Exchange exchange =
      player.play(Step{.method = "POST", .path = "/", .body = R"({"x":"{{v}}"})", .json_body = true});
  EXPECT_EQ(exchange.sent.body, R"({"x":"a\"b"})");
  const Exchange raw = player.play(Step{.method = "POST", .path = "/", .body = R"({{v}})"});
  EXPECT_EQ(raw.sent.body, "a\"b");
  const Exchange recorded = player.play(Step{.method = "POST", .path = "/", .body = R"({{v}})", .templates = false});
  EXPECT_EQ(recorded.sent.body, "{{v}}");
}

TEST(Player, AppliesTheRouteMap) {
  const HttpServer server = echoing_server();
  Player player = player_of(server, {.route = [](std::string& method, std::string& path) {
                              method = "POST";
                              path = "/v2" + path;
                            }});
  player.variables().set("x", "1");
  EXPECT_EQ(*player.play(Step{.path = "/a/{{x}}"}).response->header("X-Target"), "POST /v2/a/1");
}

TEST(Player, ReportsAFailureAsPartOfTheExchange) {
  const HttpServer server({.http = [](const ServedRequest&) -> ServedResponse { return {.drop = true}; }});
  Player player = player_of(server);
  const Exchange exchange = player.play(Step{.path = "/a"});
  EXPECT_FALSE(exchange.response);
  EXPECT_EQ(exchange.failure, net::NetworkFailure::closed);
  EXPECT_THAT(exchange.error, HasSubstr("/a: the service closed the connection without an answer"));
}

TEST(Player, ConversesOverAWebSocket) {
  const HttpServer server = echoing_server();
  Player player = player_of(server);
  Step step{.path = "/ws/{{unique:s}}",
            .capture = {{"sid", "/id"}},
            .websocket = true,
            .send = {"1", R"("{{sid}}")"},
            .expect = 1};
  const Exchange exchange = player.play(step);
  EXPECT_FALSE(exchange.failure) << exchange.error;
  EXPECT_EQ(exchange.response->status, 101u);
  ASSERT_EQ(exchange.messages.size(), 2u);
  EXPECT_EQ(exchange.messages[1].payload, R"({"id":"s9","heard":"s9"})");
  ASSERT_TRUE(exchange.close);
  EXPECT_EQ(exchange.close->code, 1000);
}

TEST(Player, KeepsMessagesBeyondTheExpectedOnes) {
  const HttpServer server = echoing_server();
  Player player = player_of(server);
  const Exchange exchange = player.play(Step{.path = "/ws", .websocket = true, .send = {"two"}, .expect = 1});
  EXPECT_FALSE(exchange.failure);
  EXPECT_EQ(exchange.messages.size(), 2u);
}

TEST(Player, TellsAMissingMessageFromAClosedConnection) {
  const HttpServer server = echoing_server();
  Player player = player_of(server, {.message_timeout = 100ms});
  const Exchange silent = player.play(Step{.path = "/ws", .websocket = true, .send = {"none"}, .expect = 1});
  EXPECT_EQ(silent.failure, net::NetworkFailure::timed_out);
  EXPECT_EQ(silent.error, "message 1 of 1 after 1 sent did not come within 100 ms");
  const Exchange closed = player.play(Step{.path = "/ws", .websocket = true, .send = {"bye"}, .expect = 1});
  EXPECT_FALSE(closed.failure) << closed.error;
  EXPECT_TRUE(closed.messages.empty());
  EXPECT_EQ(closed.close->code, 1001);
}

TEST(Player, TakesARefusedUpgradeAsAnAnswer) {
  const HttpServer server({.http = {}});
  Player player = player_of(server);
  const Exchange exchange = player.play(Step{.path = "/ws", .websocket = true, .send = {"x"}, .expect = 1});
  EXPECT_FALSE(exchange.failure);
  EXPECT_EQ(exchange.response->status, 404u);
  EXPECT_TRUE(exchange.messages_sent.empty());
}

}  // namespace
}  // namespace sluice::scenario
