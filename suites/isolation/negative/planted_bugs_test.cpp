#include <gmock/gmock.h>

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "suites/isolation/gzip.hpp"
#include "suites/isolation/testing/canary_run.hpp"
#include "suites/isolation/views.hpp"

// Real servers, each with one fault that services really had; every one must be caught.
namespace sluice::isolation {
namespace {

using namespace sluice::isolation::testing;
using sluice::testing::HttpServer;
using sluice::testing::ServedMessage;
using sluice::testing::ServedReply;
using sluice::testing::ServedRequest;
using sluice::testing::ServedResponse;
using std::chrono::milliseconds;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string remember =
    R"({"name": "remember", "method": "POST", "path": "/remember", "headers": {"X-User": "{{user}}"}, "text": "my note is {{secret}}"})";
const std::string recall = R"({"name": "recall", "path": "/recall", "headers": {"X-User": "{{user}}"}})";

std::string user_of(const ServedRequest& request) {
  for (const auto& header : request.headers) {
    if (header.name == "X-User") return header.value;
  }
  return "";
}

/// Remembers each user's own note and tells it to that user; `spoil` is the fault: it gets the right answer and the
/// note that any user sent before.
HttpServer honest_but(std::function<void(ServedResponse&, const std::string& foreign)> spoil) {
  auto notes = std::make_shared<std::map<std::string, std::string>>();
  auto last = std::make_shared<std::string>();
  return HttpServer({.http = [=](const ServedRequest& request) {
    std::string& note = (*notes)[user_of(request)];
    if (request.method == "POST") note = request.body;
    ServedResponse response{.body = "{\"note\":\"" + note + "\"}"};
    spoil(response, *last);
    if (request.method == "POST") *last = request.body;
    return response;
  }});
}

void expect_leak(const Outcome& outcome, const std::string& place, const std::string& decoded) {
  ASSERT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
  const Finding finding = finding_in(outcome, place);
  EXPECT_EQ(finding.rule, "secret-leaked") << "nothing was found in " << place;
  EXPECT_EQ(finding.severity, Severity::critical);
  EXPECT_EQ(where(finding, "decoded"), decoded);
  EXPECT_NE(where(finding, "owner").substr(0, where(finding, "owner").find(',')), where(finding, "viewer"));
  EXPECT_THAT(finding.reproduce, HasSubstr("--seed"));
}

TEST(PlantedBug, SessionStateInASingletonAcrossADelayIsCaught) {
  std::string current;
  const HttpServer server({.http = [&](const ServedRequest& request) {
    if (request.method == "POST") {
      current = request.body;
      return ServedResponse{.body = "{}", .delay = milliseconds(5)};
    }
    return ServedResponse{.body = "{\"note\":\"" + current + "\"}"};
  }});
  const Outcome outcome = CanaryRun{{remember, recall}}.against(server);
  expect_leak(outcome, "body", "plain");
  EXPECT_EQ(where(finding_in(outcome, "body"), "route"), "GET /recall");
  EXPECT_EQ(where(finding_in(outcome, "body"), "offset"),
            std::to_string(std::string("{\"note\":\"my note is ").size()));
}

TEST(PlantedBug, ARepliesQueueSharedByAllWebSocketsIsCaught) {
  std::deque<std::string> outbound;
  const HttpServer server({.http = {}, .websocket = [&](const ServedMessage& message) {
                             outbound.push_back(message.message.payload);
                             std::vector<ServedReply> replies;
                             // Flushed in pairs, to whoever happens to be talking.
                             if (outbound.size() < 2) return replies;
                             for (const std::string& text : outbound) replies.push_back({.message = {.payload = text}});
                             outbound.clear();
                             return replies;
                           }});
  const std::string talk =
      R"({"name": "talk", "websocket": "/ws/{{session}}", "send": [{"type": "message", "text": "I am {{secret}}"}], "expect": 1})";
  const Outcome outcome =
      CanaryRun{{talk}, R"("users": 8, "rounds": 4, "bleed_below": 0.1, "timeout": "300ms")"}.against(server);
  ASSERT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
  EXPECT_THAT(where(outcome.findings.at(0), "in"), StartsWith("message "));
  EXPECT_EQ(where(outcome.findings.at(0), "route"), "WebSocket /ws/{{session}}");
}

TEST(PlantedBug, AReusedBufferThatKeepsThePreviousTailIsCaught) {
  std::string buffer;
  const HttpServer server({.http = [&](const ServedRequest& request) {
    const std::string text = request.method == "POST" ? "{\"stored\":\"" + request.body + "\"}" : "{\"ok\":true}";
    if (buffer.size() < text.size()) buffer.resize(text.size());
    buffer.replace(0, text.size(), text);
    return ServedResponse{.body = buffer};
  }});
  expect_leak(CanaryRun{{remember, recall}}.against(server), "body", "plain");
}

TEST(PlantedBug, ACacheKeyWithoutTheUserIsCaught) {
  std::map<std::string, std::string> notes, cache;
  const HttpServer server({.http = [&](const ServedRequest& request) {
    if (request.method == "POST") {
      notes[user_of(request)] = request.body;
      return ServedResponse{.body = "{}"};
    }
    return ServedResponse{.body = cache.try_emplace(request.target, notes[user_of(request)]).first->second};
  }});
  expect_leak(CanaryRun{{remember, recall}}.against(server), "body", "plain");
}

TEST(PlantedBug, AnErrorThatEchoesThePreviousRequestIsCaught) {
  const HttpServer server = honest_but([](ServedResponse& response, const std::string& foreign) {
    response.status = 400;
    response.body = "{\"error\":\"cannot read this; the last good request was: " + foreign + "\"}";
  });
  const Outcome outcome = CanaryRun{{remember, recall}}.against(server);
  expect_leak(outcome, "body", "plain");
}

TEST(PlantedBug, ALeakInAHeaderIsCaught) {
  const HttpServer server = honest_but([](ServedResponse& response, const std::string& foreign) {
    response.headers.push_back({"X-Debug-Previous", foreign});
  });
  expect_leak(CanaryRun{{remember, recall}}.against(server), "header X-Debug-Previous", "plain");
}

TEST(PlantedBug, ALeakInATrailerIsCaught) {
  const HttpServer server = honest_but([](ServedResponse& response, const std::string& foreign) {
    response.headers = {{"Transfer-Encoding", "chunked"}, {"Trailer", "X-Trace"}};
    response.body = "2\r\nok\r\n0\r\nX-Trace: " + foreign + "\r\n\r\n";
  });
  expect_leak(CanaryRun{{remember, recall}}.against(server), "header X-Trace", "plain");
}

TEST(PlantedBug, ALeakInBase64IsCaught) {
  const HttpServer server = honest_but([](ServedResponse& response, const std::string& foreign) {
    response.body += "\n{\"cursor\":\"" + base64("v1:" + foreign) + "\"}";
  });
  const Outcome outcome = CanaryRun{{remember, recall}}.against(server);
  ASSERT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
  EXPECT_EQ(where(finding_in(outcome, "body"), "decoded"), "base64 (2 bytes before)");
}

TEST(PlantedBug, ALeakInACompressedBodyIsCaught) {
  const HttpServer server = honest_but([](ServedResponse& response, const std::string& foreign) {
    response.headers = {{"Content-Encoding", "gzip"}};
    response.body = gzip(response.body + foreign);
  });
  const Outcome outcome = CanaryRun{{remember, recall}}.against(server);
  expect_leak(outcome, "body", "gzip, then plain");
}

TEST(PlantedBug, AFragmentOfForeignMemoryIsCaught) {
  const HttpServer server = honest_but([](ServedResponse& response, const std::string& foreign) {
    if (foreign.size() > 20) response.body += foreign.substr(foreign.size() - 20, 17);
  });
  const Outcome outcome = CanaryRun{{remember, recall}}.against(server);
  expect_leak(outcome, "body", "plain");
  EXPECT_EQ(where(finding_in(outcome, "body"), "characters"), "17 of 26");
}

TEST(PlantedBug, AListThatForgetsTheOwnersFilterIsCaughtEvenRoundsLater) {
  std::deque<std::string> log;
  std::size_t requests = 0;
  std::map<std::string, std::string> notes;
  const HttpServer server({.http = [&](const ServedRequest& request) {
    if (request.method == "POST") {
      notes[user_of(request)] = request.body;
      log.push_back(request.body);
    }
    // Only late in the run, and only what is old: secrets of all rounds must still be known.
    const bool spoilt = ++requests > 80;
    return ServedResponse{.body = notes[user_of(request)] + (spoilt ? log.front() : "")};
  }});
  const Outcome outcome = CanaryRun{{remember, recall}}.against(server);
  expect_leak(outcome, "body", "plain");
  EXPECT_THAT(where(finding_in(outcome, "body"), "owner"), HasSubstr("round 1"));
  EXPECT_THAT(where(finding_in(outcome, "body"), "round"), AnyOf("5", "6"));
}

TEST(PlantedBug, AForeignSessionIdIsCaught) {
  std::string last;
  const HttpServer server({.http = [&](const ServedRequest& request) {
    const std::string before = std::exchange(last, request.target);
    return ServedResponse{.body = "{\"note\":\"" + request.body + "\",\"previous\":\"" + before + "\"}"};
  }});
  const std::string step = R"({"name": "note", "method": "POST", "path": "/notes/{{session}}", "text": "{{secret}}"})";
  const Outcome outcome = CanaryRun{{step}}.against(server);
  EXPECT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
  EXPECT_EQ(outcome.findings.at(0).rule, "identifier-leaked");
}

}  // namespace
}  // namespace sluice::isolation
