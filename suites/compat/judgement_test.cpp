#include "suites/compat/judgement.hpp"

#include <gtest/gtest.h>

namespace sluice::compat {
namespace {

std::string route(std::string path, bool websocket = false) {
  scenario::Step step;
  step.path = std::move(path);
  step.websocket = websocket;
  return route_of(step);
}

TEST(RouteOf, NamesARouteWithoutItsQueryAndIds) {
  EXPECT_EQ(route("/api/search?q=a"), "GET /api/search");
  EXPECT_EQ(route("/api/items/{{cid}}/x"), "GET /api/items/{cid}/x");
  EXPECT_EQ(route("/ws/room-{{unique:r}}", true), "WebSocket /ws/room-{unique:r}");
  EXPECT_EQ(route("/items/42/0b8e2f6a-9a43-4c1b-8a3c-7d2a1f0e9b11"), "GET /items/{id}/{id}");
  EXPECT_EQ(route("/v2/items"), "GET /v2/items");
}

/// One exchange with the given bodies.
Recording recording_of(const scenario::Step& step, const std::string& first, const std::string& again,
                       const std::string& candidate) {
  const auto pass = [&](const std::string& body) {
    Played played;
    played.done = true;
    played.exchange.step = &step;
    played.exchange.response.emplace();
    played.exchange.response->status = 200;
    played.exchange.response->headers = {{"Content-Type", "application/json"}};
    played.exchange.response->body = body;
    return Pass{.steps = {played}, .tokens = {}};
  };
  Recording recording;
  recording.sessions.push_back(
      {.session = "", .steps = {&step}, .first = pass(first), .again = pass(again), .candidate = pass(candidate)});
  return recording;
}

TEST(Judgement, IsTheSameForTheSameRecording) {
  const scenario::Step step{.name = "s", .path = "/a"};
  const auto recording =
      recording_of(step, R"({"a":1,"b":[1,2,3]})", R"({"a":1,"b":[1,2,3]})", R"({"a":1,"b":[1,2,4]})");
  const CompareRules rules;
  const Judgement one = judge_recording(recording, rules, 5, "again");
  const Judgement same = judge_recording(recording, rules, 5, "again");
  ASSERT_EQ(one.findings.size(), 1u);
  EXPECT_EQ(one.findings[0].where, same.findings[0].where);
  ASSERT_TRUE(one.sample);
  EXPECT_EQ(one.sample->place, same.sample->place);
  EXPECT_EQ(one.values_compared, 3u);
}

TEST(Judgement, DrawsEveryStrictlyComparedValueSometimes) {
  const scenario::Step step{.name = "s", .path = "/a"};
  const std::string body = R"({"a":1,"b":2,"c":3})";
  const auto recording = recording_of(step, body, body, body);
  std::set<std::string> drawn;
  for (std::uint64_t seed = 0; seed < 50; ++seed) drawn.insert(judge_recording(recording, {}, seed, "").sample->place);
  EXPECT_EQ(drawn, (std::set<std::string>{"/a", "/b", "/c"}));
}

TEST(Judgement, SeesAMessageThatIsNoLongerJson) {
  const scenario::Step step{.name = "s", .path = "/ws", .websocket = true};
  auto recording = recording_of(step, "", "", "");
  SessionRecord& session = recording.sessions[0];
  const auto say = [](Pass& pass, const std::string& payload) {
    net::WebSocketMessage message;
    message.payload = payload;
    message.text = true;
    pass.steps[0].exchange.messages.push_back(message);
  };
  say(session.first, R"({"n":"ab12cd34"})");
  say(session.again, R"({"n":"ef56ab78"})");
  say(session.candidate, "Internal error");
  const Judgement judgement = judge_recording(recording, {}, 1, "");
  ASSERT_EQ(judgement.findings.size(), 1u);
  EXPECT_EQ(judgement.findings[0].rule, "body-kind-changed");
}

TEST(Judgement, CountsAnExchangeThatTheOldSideDidNotAnswer) {
  const scenario::Step step{.name = "s", .path = "/a"};
  auto recording = recording_of(step, "{}", "{}", "{}");
  recording.sessions[0].again.steps[0].exchange.failure = net::NetworkFailure::timed_out;
  recording.sessions[0].again.steps[0].exchange.error = "no answer";
  const Judgement judgement = judge_recording(recording, {}, 1, "");
  EXPECT_EQ(judgement.compared, 0u);
  EXPECT_EQ(judgement.old_failures, 1u);
  EXPECT_EQ(judgement.first_old_failure, "step \"s\": no answer");
}

TEST(Judgement, CountsAnExchangeWhoseOldStatusChangesAsAFailureOfTheOldSide) {
  const scenario::Step step{.name = "s", .path = "/a"};
  auto recording = recording_of(step, R"({"a":1})", R"({"a":2})", R"({"a":3})");
  recording.sessions[0].again.steps[0].exchange.response->status = 503;
  const Judgement judgement = judge_recording(recording, {}, 1, "");
  EXPECT_EQ(judgement.compared, 0u);
  EXPECT_EQ(judgement.old_failures, 1u);
  EXPECT_EQ(judgement.noise.size(), 0u);
  EXPECT_EQ(judgement.first_old_failure, "step \"s\": the old side answered with status 200 once and 503 once");
}

}  // namespace
}  // namespace sluice::compat
