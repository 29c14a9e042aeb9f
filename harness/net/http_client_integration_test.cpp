#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <stop_token>
#include <thread>

#include "harness/net/http_client.hpp"
#include "harness/net/scripted_server.hpp"
#include "harness/testing/http_server.hpp"

namespace sluice::net {
namespace {

using namespace std::chrono_literals;
using sluice::testing::HttpServer;
using sluice::testing::ServedRequest;
using sluice::testing::ServedResponse;
using ::testing::HasSubstr;

constexpr std::string_view end_of_head = "\r\n\r\n";
const HttpLimits patient_limits{.header_bytes = 4096, .body_bytes = 4096};
/// For services that never give a whole answer; they do accept, however long that takes.
const HttpLimits short_limits{.header_bytes = 4096, .body_bytes = 4096, .request_timeout = 300ms};

/// How a request against a service that sends `script` fails.
NetworkError failure_against(const ScriptedServer::Script& script, const HttpLimits& limits = patient_limits) {
  ScriptedServer server(script);
  HttpClient client(parse_endpoint(server.url()), limits);
  try {
    client.send({.target = "/asked"});
  } catch (const NetworkError& error) {
    EXPECT_THAT(error.what(), HasSubstr("GET " + server.url() + "/asked: "));
    return error;
  }
  return {NetworkFailure::cancelled, "no failure at all"};
}

ScriptedServer::Script answering(const std::string& text) {
  return [text](ScriptedConnection& connection) {
    connection.read_until(end_of_head);
    connection.send(text);
  };
}

HttpServer echoing_server() {
  return HttpServer({.http = [](const ServedRequest& request) -> ServedResponse {
    return {.headers = {{"X-Method", request.method},
                        {"X-Target", request.target},
                        {"X-Connection", std::to_string(request.connection)}},
            .body = request.body};
  }});
}

TEST(HttpClient, SendsMethodTargetHeadersAndBody) {
  const HttpServer server = echoing_server();
  HttpClient client(parse_endpoint(server.url() + "/base"));
  const Response response = client.send({.method = "POST", .target = "/a?b=c", .body = "hello"});
  EXPECT_EQ(response.status, 200u);
  EXPECT_EQ(*response.header("X-Method"), "POST");
  EXPECT_EQ(*response.header("X-Target"), "/base/a?b=c");
  EXPECT_EQ(response.body, "hello");
}

TEST(HttpClient, KeepsItsConnection) {
  const HttpServer server = echoing_server();
  HttpClient client(parse_endpoint(server.url()));
  EXPECT_EQ(*client.send({}).header("X-Connection"), "1");
  EXPECT_EQ(*client.send({.method = "HEAD"}).header("X-Connection"), "1");
  EXPECT_EQ(*client.send({.method = "POST", .body = std::string(1'000'000, 'x')}).header("X-Connection"), "1");
  client.close();
  EXPECT_EQ(*client.send({}).header("X-Connection"), "2");
}

TEST(HttpClient, OpensANewConnectionAfterConnectionClose) {
  const HttpServer server({.http = [](const ServedRequest& request) -> ServedResponse {
    return {.headers = {{"Connection", "close"}}, .body = std::to_string(request.connection)};
  }});
  HttpClient client(parse_endpoint(server.url()));
  EXPECT_EQ(client.send({.method = "POST"}).body, "1");
  EXPECT_EQ(client.send({.method = "POST"}).body, "2");
}

TEST(HttpClient, ReadsAnswersThatHaveNoBody) {
  const HttpServer server({.http = [](const ServedRequest& request) -> ServedResponse {
    return {.status = request.target == "/204" ? 204u : request.target == "/304" ? 304u : 200u, .body = "body"};
  }});
  HttpClient client(parse_endpoint(server.url()));
  EXPECT_EQ(client.send({.target = "/204"}).status, 204u);
  EXPECT_EQ(client.send({.target = "/304"}).body, "");
  const Response head = client.send({.method = "HEAD"});
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(*head.header("Content-Length"), "4");
  EXPECT_EQ(client.send({}).body, "body");
}

TEST(HttpClient, ReadsChunksAndTrailers) {
  const HttpServer server({.http = [](const ServedRequest&) -> ServedResponse {
    return {.headers = {{"Transfer-Encoding", "chunked"}}, .body = "2\r\nab\r\n1\r\nc\r\n0\r\nDigest: x\r\n\r\n"};
  }});
  HttpClient client(parse_endpoint(server.url()));
  const Response response = client.send({});
  EXPECT_EQ(response.body, "abc");
  EXPECT_EQ(*response.header("Digest"), "x");
  EXPECT_EQ(client.send({}).body, "abc");
}

TEST(HttpClient, ReopensAConnectionThatTheServiceClosedWhileIdle) {
  ScriptedServer server([](ScriptedConnection& connection) {
    connection.read_until(end_of_head);
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");  // claims keep-alive, then closes
  });
  HttpClient client(parse_endpoint(server.url()));
  EXPECT_EQ(client.send({.method = "GET"}).body, "ok");
  EXPECT_EQ(client.send({.method = "GET"}).body, "ok");
  EXPECT_EQ(server.connections(), 2u);
}

TEST(HttpClient, NeverSendsAPostTwice) {
  ScriptedServer server([](ScriptedConnection& connection) {
    connection.read_until(end_of_head);
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    connection.read_until(end_of_head);  // takes the second request and answers nothing
  });
  HttpClient client(parse_endpoint(server.url()));
  EXPECT_EQ(client.send({.method = "POST"}).body, "ok");
  try {
    client.send({.method = "POST"});
    FAIL() << "a dropped POST must be seen";
  } catch (const NetworkError& error) {
    EXPECT_EQ(error.failure(), NetworkFailure::closed);
    EXPECT_THAT(error.what(), HasSubstr("without an answer (0 bytes read)"));
  }
  EXPECT_EQ(server.connections(), 1u);
}

TEST(HttpClient, ReopensOnlyOnceForAServiceThatKeepsClosing) {
  ScriptedServer server([first = true](ScriptedConnection& connection) mutable {
    connection.read_until(end_of_head);
    if (!std::exchange(first, false)) return;
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    connection.read_until(end_of_head);
  });
  HttpClient client(parse_endpoint(server.url()));
  EXPECT_EQ(client.send({}).body, "ok");
  EXPECT_THROW(client.send({}), NetworkError);
  EXPECT_EQ(server.connections(), 2u);
}

TEST(HttpClient, TakesAnAnswerThatCameBeforeTheWholeBodyWasSent) {
  ScriptedServer server([](ScriptedConnection& connection) {
    connection.read_until(end_of_head);
    connection.send("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig");
    connection.wait_for_end();
  });
  HttpClient client(parse_endpoint(server.url()));
  EXPECT_EQ(client.send({.method = "POST", .body = std::string(2'000'000, 'x')}).status, 413u);
}

TEST(HttpClient, NamesAPortWhereNobodyListens) {
  std::string url;
  { url = HttpServer({}).url(); }
  HttpClient client(parse_endpoint(url), patient_limits);
  try {
    client.send({});
    FAIL();
  } catch (const NetworkError& error) {
    EXPECT_EQ(error.failure(), NetworkFailure::connect);
    EXPECT_THAT(error.what(), HasSubstr(url + "/: cannot connect: Connection refused"));
  }
}

TEST(HostileService, EndlessHeadersAreCutOff) {
  const auto error = failure_against([](ScriptedConnection& connection) {
    connection.send("HTTP/1.1 200 OK\r\n");
    while (connection.send("X-More: " + std::string(1000, 'x') + "\r\n")) continue;
  });
  EXPECT_EQ(error.failure(), NetworkFailure::too_large);
  EXPECT_THAT(error.what(), HasSubstr("headers exceed 4096 bytes"));
}

TEST(HostileService, AHugeContentLengthIsRefusedBeforeItsBodyComes) {
  const auto error = failure_against(answering("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n"));
  EXPECT_EQ(error.failure(), NetworkFailure::too_large);
  EXPECT_THAT(error.what(), HasSubstr("body exceeds 4096 bytes"));
}

TEST(HostileService, AnEndlessBodyIsCutOff) {
  const auto error = failure_against([](ScriptedConnection& connection) {
    connection.send("HTTP/1.1 200 OK\r\n\r\n");
    while (connection.send(std::string(1000, 'x'))) continue;
  });
  EXPECT_EQ(error.failure(), NetworkFailure::too_large);
}

TEST(HostileService, ASlowDripEndsAtTheDeadline) {
  const auto error = failure_against(
      [](ScriptedConnection& connection) {
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n");
        while (connection.send("x")) std::this_thread::sleep_for(10ms);  // the drip is the fault under test
      },
      short_limits);
  EXPECT_EQ(error.failure(), NetworkFailure::timed_out);
  EXPECT_THAT(error.what(), HasSubstr("no whole answer"));
}

TEST(HostileService, SilenceEndsAtTheDeadline) {
  const auto error = failure_against([](ScriptedConnection& connection) { connection.wait_for_end(); }, short_limits);
  EXPECT_EQ(error.failure(), NetworkFailure::timed_out);
  EXPECT_THAT(error.what(), HasSubstr("(0 bytes of it came) within 300 ms"));
}

TEST(HostileService, ACloseInTheMiddleOfTheBodyIsSeen) {
  const auto error = failure_against(answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"));
  EXPECT_EQ(error.failure(), NetworkFailure::closed);
  EXPECT_THAT(error.what(), HasSubstr("in the middle of the answer (43 bytes read)"));
}

TEST(HostileService, AResetIsSeen) {
  const auto error = failure_against([](ScriptedConnection& connection) {
    connection.read_until(end_of_head);
    connection.reset();
  });
  EXPECT_EQ(error.failure(), NetworkFailure::closed);
}

TEST(HostileService, AGarbageStatusLineIsAProtocolError) {
  const auto error = failure_against(answering("220 mail.example.org ESMTP\r\n"));
  EXPECT_EQ(error.failure(), NetworkFailure::protocol);
  EXPECT_THAT(error.what(), HasSubstr("220 mail.example.org"));
}

// Whether its time or the caller's patience is over, what was under way ends the same way.
TEST(HostileService, IsUsableAgainAfterAFailure) {
  std::stop_source stop;
  ScriptedServer server([&stop, first = true](ScriptedConnection& connection) mutable {
    connection.read_until(end_of_head);
    if (std::exchange(first, false)) {
      stop.request_stop();
      connection.wait_for_end();
    } else {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  });
  HttpClient client(parse_endpoint(server.url()), patient_limits);
  EXPECT_THROW(client.send({}, stop.get_token()), NetworkError);
  EXPECT_EQ(client.send({}).body, "ok");
}

TEST(Cancellation, EndsARequestThatWaits) {
  std::promise<void> asked;
  ScriptedServer server([&](ScriptedConnection& connection) {
    connection.read_until(end_of_head);
    asked.set_value();
    connection.wait_for_end();
  });
  std::stop_source stop;
  std::jthread canceller([&] {
    asked.get_future().wait();
    stop.request_stop();
  });
  HttpClient client(parse_endpoint(server.url()));
  try {
    client.send({}, stop.get_token());
    FAIL();
  } catch (const NetworkError& error) {
    EXPECT_EQ(error.failure(), NetworkFailure::cancelled);
  }
}

}  // namespace
}  // namespace sluice::net
