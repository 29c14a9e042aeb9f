#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stop_token>
#include <thread>

#include "harness/net/scripted_server.hpp"
#include "harness/net/websocket_client.hpp"
#include "harness/testing/http_server.hpp"

namespace sluice::net {
namespace {

using namespace std::chrono_literals;
using sluice::testing::HttpServer;
using sluice::testing::ServedMessage;
using sluice::testing::ServedReply;
using ::testing::HasSubstr;

constexpr auto patience = 10s;

HttpServer echoing_server() {
  return HttpServer({.websocket = [](const ServedMessage& got) -> std::vector<ServedReply> {
    if (got.message.payload == "silence") return {};
    if (got.message.payload == "twice") return {{.message = {.payload = "one"}}, {.message = {.payload = "two"}}};
    if (got.message.payload == "go") return {{.close = 1001}};
    if (got.message.payload == "cut") return {{.close = 1006}};
    return {{.message = got.message}};
  }});
}

TEST(WebSocketClient, SendsAndReceivesTextAndBinary) {
  const HttpServer server = echoing_server();
  WebSocketClient client(parse_endpoint(server.url()));
  EXPECT_EQ(client.connect("/ws").status, 101u);
  ASSERT_TRUE(client.open());
  client.send({.payload = "hello"});
  const auto text = client.receive(patience);
  ASSERT_TRUE(text);
  EXPECT_TRUE(text->text);
  EXPECT_EQ(text->payload, "hello");
  client.send({.text = false, .payload = std::string("\0\xFF", 2)});
  const auto binary = client.receive(patience);
  ASSERT_TRUE(binary);
  EXPECT_FALSE(binary->text);
  EXPECT_EQ(binary->payload, std::string("\0\xFF", 2));
}

TEST(WebSocketClient, ReceivesSeveralMessagesInOrderAndBigOnesWhole) {
  const HttpServer server = echoing_server();
  WebSocketClient client(parse_endpoint(server.url()));
  client.connect("/ws");
  client.send({.payload = "twice"});
  EXPECT_EQ(client.receive(patience)->payload, "one");
  EXPECT_EQ(client.receive(patience)->payload, "two");
  const std::string big(3'000'000, 'x');
  client.send({.payload = big});
  const auto back = client.receive(patience);
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->payload == big);
}

TEST(WebSocketClient, DrainsWhatNobodyWaitedFor) {
  const HttpServer server = echoing_server();
  WebSocketClient client(parse_endpoint(server.url()));
  client.connect("/ws");
  client.send({.payload = "twice"});
  EXPECT_EQ(client.receive(patience)->payload, "one");
  const auto rest = client.drain(patience);
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].payload, "two");
  EXPECT_TRUE(client.drain(patience).empty());
  client.send({.payload = "still open"});
  EXPECT_EQ(client.receive(patience)->payload, "still open");
}

TEST(WebSocketClient, StaysUsableAfterAReceiveThatTimedOut) {
  const HttpServer server = echoing_server();
  WebSocketClient client(parse_endpoint(server.url()));
  client.connect("/ws");
  client.send({.payload = "silence"});
  EXPECT_EQ(client.receive(50ms), std::nullopt);
  EXPECT_FALSE(client.closed());
  client.send({.payload = "hello"});
  EXPECT_EQ(client.receive(patience)->payload, "hello");
}

TEST(WebSocketClient, ClosesWithAFarewell) {
  const HttpServer server = echoing_server();
  WebSocketClient client(parse_endpoint(server.url()));
  client.connect("/ws");
  client.close(1000, "done");
  EXPECT_FALSE(client.open());
  ASSERT_TRUE(client.closed());
  EXPECT_EQ(client.closed()->code, 1000);
}

TEST(WebSocketClient, ClosesWhileItWaitsForAMessage) {
  const HttpServer server = echoing_server();
  WebSocketClient client(parse_endpoint(server.url()));
  client.connect("/ws");
  EXPECT_EQ(client.receive(10ms), std::nullopt);
  client.close();
  ASSERT_TRUE(client.closed());
  EXPECT_EQ(client.closed()->code, 1000);
}

TEST(WebSocketClient, TellsTheServicesCloseCode) {
  const HttpServer server = echoing_server();
  WebSocketClient client(parse_endpoint(server.url()));
  client.connect("/ws");
  client.send({.payload = "go"});
  EXPECT_EQ(client.receive(patience), std::nullopt);
  ASSERT_TRUE(client.closed());
  EXPECT_EQ(client.closed()->code, 1001);
  EXPECT_THROW(client.send({.payload = "late"}), NetworkError);
}

TEST(WebSocketClient, CallsACutConnection1006) {
  const HttpServer server = echoing_server();
  WebSocketClient client(parse_endpoint(server.url()));
  client.connect("/ws");
  client.send({.payload = "cut"});
  EXPECT_EQ(client.receive(patience), std::nullopt);
  ASSERT_TRUE(client.closed());
  EXPECT_EQ(client.closed()->code, 1006);
}

TEST(WebSocketClient, ReturnsTheAnswerOfARefusal) {
  const HttpServer server({.http = {}});
  WebSocketClient client(parse_endpoint(server.url()));
  const Response refusal = client.connect("/ws");
  EXPECT_EQ(refusal.status, 404u);
  EXPECT_EQ(refusal.body, R"({"error":"no handler"})");
  EXPECT_FALSE(client.open());
  EXPECT_THROW(client.send({.payload = "x"}), NetworkError);
}

TEST(WebSocketClient, ShowsTheHeadersOfTheHandshakeAndSendsItsOwn) {
  const HttpServer server({.websocket = [](const ServedMessage&) { return std::vector<ServedReply>{}; },
                           .handshake_headers = {{"Sec-WebSocket-Protocol", "chat.v2"}}});
  WebSocketClient client(parse_endpoint(server.url()));
  const Response answer = client.connect("/ws", {{"Sec-WebSocket-Protocol", "chat.v2"}});
  ASSERT_NE(answer.header("sec-websocket-protocol"), nullptr);
  EXPECT_EQ(*answer.header("sec-websocket-protocol"), "chat.v2");
}

TEST(WebSocketClient, RefusesAnOversizedMessage) {
  const HttpServer server = echoing_server();
  WebSocketClient client(parse_endpoint(server.url()), {.message_bytes = 1000});
  client.connect("/ws");
  client.send({.payload = std::string(1001, 'x')});
  try {
    client.receive(patience);
    FAIL();
  } catch (const NetworkError& error) {
    EXPECT_EQ(error.failure(), NetworkFailure::too_large);
    EXPECT_THAT(error.what(), HasSubstr("WebSocket " + server.url() + "/ws: a message exceeds 1000 bytes"));
  }
  EXPECT_FALSE(client.open());
}

TEST(WebSocketClient, CallsAnUpgradeWithoutProofAProtocolError) {
  ScriptedServer server([](ScriptedConnection& connection) {
    connection.read_until("\r\n\r\n");
    connection.send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
        "Sec-WebSocket-Accept: wrong\r\n\r\n");
    connection.wait_for_end();
  });
  WebSocketClient client(parse_endpoint(server.url()));
  try {
    client.connect("/ws");
    FAIL();
  } catch (const NetworkError& error) {
    EXPECT_EQ(error.failure(), NetworkFailure::protocol);
    EXPECT_THAT(error.what(), HasSubstr("Sec-WebSocket-Accept"));
  }
  EXPECT_FALSE(client.open());
}

TEST(WebSocketClient, CallsGarbageInsteadOfAHandshakeAProtocolError) {
  ScriptedServer server([](ScriptedConnection& connection) {
    connection.read_until("\r\n\r\n");
    connection.send("garbage\r\n\r\n");
  });
  WebSocketClient client(parse_endpoint(server.url()));
  try {
    client.connect("/ws");
    FAIL();
  } catch (const NetworkError& error) {
    EXPECT_EQ(error.failure(), NetworkFailure::protocol) << error.what();
  }
}

TEST(WebSocketClient, GivesUpOnASilentHandshake) {
  ScriptedServer server([](ScriptedConnection& connection) { connection.wait_for_end(); });
  WebSocketClient client(parse_endpoint(server.url()), {.handshake_timeout = 200ms});
  try {
    client.connect("/ws");
    FAIL();
  } catch (const NetworkError& error) {
    EXPECT_EQ(error.failure(), NetworkFailure::timed_out);
  }
}

TEST(WebSocketClient, GivesUpOnAHandshakeWithEndlessHeaders) {
  ScriptedServer server([](ScriptedConnection& connection) {
    connection.read_until("\r\n\r\n");
    connection.send("HTTP/1.1 101 Switching Protocols\r\n");
    while (connection.send("X-More: " + std::string(1000, 'x') + "\r\n")) continue;
  });
  WebSocketClient client(parse_endpoint(server.url()));
  EXPECT_THROW(client.connect("/ws"), NetworkError);
}

TEST(WebSocketClient, ClosesInBoundedTimeWhenTheServiceDoesNotAnswer) {
  const HttpServer server({.websocket = [](const ServedMessage&) {
    std::this_thread::sleep_for(1500ms);  // a service whose only thread hangs: the fault under test
    return std::vector<ServedReply>{};
  }});
  WebSocketClient client(parse_endpoint(server.url()));
  client.connect("/ws");
  client.send({.payload = "hang"});
  client.close(1000, "", 100ms);
  ASSERT_TRUE(client.closed());
  EXPECT_EQ(client.closed()->code, 1006);
}

TEST(WebSocketClient, StopsWaitingWhenCancelled) {
  const HttpServer server = echoing_server();
  WebSocketClient client(parse_endpoint(server.url()));
  client.connect("/ws");
  std::stop_source stop;
  stop.request_stop();
  try {
    client.receive(patience, stop.get_token());
    FAIL();
  } catch (const NetworkError& error) {
    EXPECT_EQ(error.failure(), NetworkFailure::cancelled);
  }
}

}  // namespace
}  // namespace sluice::net
