#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <set>
#include <utility>

#include "suites/isolation/testing/canary_run.hpp"

// Right behaviour that looks like a leak; none of it may be flagged, and each pass must be earned by its control.
namespace sluice::isolation {
namespace {

using namespace sluice::isolation::testing;
using sluice::testing::HttpServer;
using sluice::testing::ServedMessage;
using sluice::testing::ServedReply;
using sluice::testing::ServedRequest;
using sluice::testing::ServedResponse;

void expect_clean(const Outcome& outcome) {
  EXPECT_EQ(outcome.verdict, Verdict::passed) << outcome.reason;
  EXPECT_EQ(outcome.findings_total, 0u);
  ASSERT_TRUE(outcome.control.has_value());
  EXPECT_TRUE(outcome.control->caught) << outcome.control->observed;
}

TEST(LookAlike, OwnDataEchoedAlsoInErrors) {
  const HttpServer server({.http = [](const ServedRequest& request) {
    const bool broken = request.target == "/broken";
    return ServedResponse{.status = broken ? 422u : 200u,
                          .headers = {{"X-Echo", request.body}},
                          .body = "{\"error\":\"cannot store " + request.body + "\"}"};
  }});
  expect_clean(CanaryRun{{R"({"name": "good", "method": "POST", "path": "/good", "text": "{{secret}} {{secret1}}"})",
                          R"({"name": "bad", "method": "POST", "path": "/broken", "text": "{{secret}}"})"}}
                   .against(server));
}

TEST(LookAlike, OwnDataOnASecondConnection) {
  std::map<std::string, std::string> notes;
  std::map<std::string, std::set<std::uint64_t>> connections;
  const HttpServer server({.http = [&](const ServedRequest& request) {
    const std::string user = request.target.substr(request.target.rfind('/') + 1);
    connections[user].insert(request.connection);
    if (request.method == "POST") notes[user] = request.body;
    return ServedResponse{.body = "{\"note\":\"" + notes[user] + "\"}"};
  }});
  expect_clean(CanaryRun{
      {R"({"name": "store", "session": "phone", "method": "POST", "path": "/notes/{{user}}", "text": "{{secret}}"})",
       R"({"name": "read", "session": "laptop", "path": "/notes/{{user}}"})"}}
                   .against(server));
  for (const auto& [user, used] : connections) EXPECT_EQ(used.size(), 2u) << user;
}

TEST(LookAlike, APublicFieldThatAllUsersSee) {
  std::vector<std::string> names;
  const HttpServer server({.http = [&](const ServedRequest& request) {
    names.push_back(request.target.substr(request.target.rfind('/') + 1));
    std::string members;
    for (const std::string& name : names) members += "\"" + name + "\",";
    return ServedResponse{.body = "{\"motd\":\"welcome k3v9x0q7m2b8n4c6z1l5j0h7g2\",\"yours\":\"" + request.body +
                                  "\",\"members\":[" + members + "0]}"};
  }});
  expect_clean(
      CanaryRun{{R"({"name": "join", "method": "POST", "path": "/members/{{user}}", "text": "{{secret}}"})"}}.against(
          server));
}

TEST(LookAlike, ANotFoundThatEchoesTheForeignIdTheCallerSent) {
  // The service hands out the id of whoever came before in two parts, each too short to be a leak; the caller joins
  // them.
  std::string last = "/sessions/aaaaaaaaaaaaaaaaaaaaaaaaaa";
  const HttpServer server({.http = [&](const ServedRequest& request) {
    if (request.method == "GET")
      return ServedResponse{.status = 404, .body = "{\"error\":\"no " + request.target + "\"}"};
    const std::string id = std::exchange(last, request.target).substr(std::string("/sessions/").size());
    return ServedResponse{.body = "{\"a\":\"" + id.substr(0, 13) + "\",\"b\":\"" + id.substr(13) + "\",\"note\":\"" +
                                  request.body + "\"}"};
  }});
  expect_clean(CanaryRun{
      {R"({"name": "open", "method": "POST", "path": "/sessions/{{session}}", "text": "{{secret}}", "capture": {"a": "/a", "b": "/b"}})",
       R"({"name": "guess", "path": "/sessions/{{a}}{{b}}"})"}}
                   .against(server));
}

TEST(LookAlike, OnesOwnWebSocketReplies) {
  const HttpServer server({.http = {}, .websocket = [](const ServedMessage& message) {
                             return std::vector<ServedReply>{{.message = message.message}};
                           }});
  expect_clean(CanaryRun{
      {R"({"name": "talk", "websocket": "/ws/{{session}}", "send": [{"text": "{{secret}}"}, {"text": "{{secret2}}"}], "expect": 1})"}}
                   .against(server));
}

}  // namespace
}  // namespace sluice::isolation
