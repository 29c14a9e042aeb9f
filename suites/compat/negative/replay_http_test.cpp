#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "suites/compat/testing/replay_run.hpp"

// Faults planted in the new side of a real service: each must be found. The nasty cases that single exchanges can show.
namespace sluice::compat {
namespace {

using sluice::testing::ServedRequest;
using sluice::testing::ServedResponse;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

const std::string one_get = "{\"path\":\"/api/items\"}\n";

Outcome outcome_of(ServedResponse old_answer, ServedResponse new_answer, std::string parameters = "{}") {
  return ReplayRun{.old_side = {.http = always(std::move(old_answer))},
                   .new_side = {.http = always(std::move(new_answer))},
                   .corpus = one_get,
                   .parameters = std::move(parameters)}
      .run();
}

std::vector<std::string> failures_of(ServedResponse old_answer, ServedResponse new_answer,
                                     std::string parameters = "{}") {
  const Outcome outcome = outcome_of(std::move(old_answer), std::move(new_answer), std::move(parameters));
  EXPECT_EQ(outcome.verdict, Verdict::failed) << text_of(outcome);
  return failures(outcome);
}

TEST(PlantedFault, ABigIntegerLosesItsLastBit) {
  EXPECT_THAT(failures_of(json(R"({"big":9007199254740993})"), json(R"({"big":9007199254740992})")),
              ElementsAre("value-changed /big"));
}

TEST(PlantedFault, ABigIntegerBecomesAString) {
  EXPECT_THAT(failures_of(json(R"({"id":9007199254740993})"), json(R"({"id":"9007199254740993"})")),
              ElementsAre("type-changed /id"));
}

/// Counts up at each request: the old side's own noise.
HttpHandler ticking(std::string before, std::string after) {
  return [=, tick = 10](const ServedRequest&) mutable { return json(before + std::to_string(tick++) + after); };
}

std::vector<std::string> failures_beside_noise(const std::string& before, const std::string& after,
                                               const std::string& candidate) {
  const Outcome outcome = ReplayRun{.old_side = {.http = ticking(before, after)},
                                    .new_side = {.http = always(json(candidate))},
                                    .corpus = one_get}
                              .run();
  EXPECT_EQ(outcome.verdict, Verdict::failed) << text_of(outcome);
  return failures(outcome);
}

TEST(PlantedFault, ANoisyTimeBecomesNullMissingOrAnEpoch) {
  const std::string before = R"({"updated_at":"2025-01-20T12:00:)";
  const std::string after = "Z\"}";
  EXPECT_THAT(failures_beside_noise(before, after, R"({"updated_at":null})"), ElementsAre("type-changed /updated_at"));
  EXPECT_THAT(failures_beside_noise(before, after, R"({})"), ElementsAre("member-removed /updated_at"));
  EXPECT_THAT(failures_beside_noise(before, after, R"({"updated_at":1737374400})"),
              ElementsAre("type-changed /updated_at"));
  EXPECT_THAT(failures_beside_noise(before, after, R"({"updated_at":"1737374400"})"),
              ElementsAre("shape-changed /updated_at"));
}

TEST(PlantedFault, ASortedListIsReorderedBesideANoisyUnorderedOne) {
  const HttpHandler old_side = [turn = 0](const ServedRequest&) mutable {
    return json(turn++ % 2 == 0 ? R"({"sorted":[1,2,3],"seen":["a","b"]})" : R"({"sorted":[1,2,3],"seen":["b","a"]})");
  };
  const Outcome outcome = ReplayRun{.old_side = {.http = old_side},
                                    .new_side = {.http = always(json(R"({"sorted":[1,3,2],"seen":["b","a"]})"))},
                                    .corpus = one_get,
                                    .parameters = R"({"arrays":{"/seen":"bag"}})"}
                              .run();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_THAT(failures(outcome), ElementsAre("order-changed /sorted"));
}

/// POST gives the next of `ids`; GET answers with a reference to what the path names, or to what `reference` says.
HttpHandler entities(std::vector<std::string> ids, std::string reference = "") {
  return [=, next = std::size_t{0}](const ServedRequest& request) mutable {
    if (request.method == "POST") return json("{\"id\":" + ids.at(next++ % ids.size()) + "}", 201);
    const std::string asked = request.target.substr(request.target.rfind('/') + 1);
    return json("{\"item_id\":" + (reference.empty() ? asked : reference) + "}");
  };
}

const std::string two_creates =
    "{\"name\":\"create one\",\"method\":\"POST\",\"path\":\"/items\",\"json\":{},\"capture\":{\"one\":\"/id\"}}\n"
    "{\"name\":\"create two\",\"method\":\"POST\",\"path\":\"/items\",\"json\":{},\"capture\":{\"two\":\"/id\"}}\n"
    "{\"name\":\"read one\",\"path\":\"/links/{{one}}\"}\n";

TEST(PlantedFault, TwoCreatesReturnTheSameId) {
  const Outcome outcome = ReplayRun{.old_side = {.http = entities({"1", "2", "3", "4"})},
                                    .new_side = {.http = entities({"91", "91"})},
                                    .corpus = two_creates}
                              .run();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_THAT(failures(outcome), ElementsAre("id-not-bijective /id")) << text_of(outcome);
}

TEST(PlantedFault, AReferencePointsToAnotherEntity) {
  const Outcome outcome = ReplayRun{.old_side = {.http = entities({"1", "2", "3", "4"})},
                                    .new_side = {.http = entities({"91", "92"}, "92")},
                                    .corpus = two_creates}
                              .run();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_THAT(failures(outcome), ElementsAre("id-not-bijective /item_id")) << text_of(outcome);
}

TEST(PlantedFault, AnErrorHidesBehindStatus200) {
  EXPECT_THAT(failures_of(json(R"({"items":[]})"), json(R"({"error":"database is down"})")),
              ElementsAre("member-removed /items"));
}

TEST(PlantedFault, AnotherStatusCarriesTheSameBody) {
  const std::string body = R"({"error":"no"})";
  EXPECT_THAT(failures_of(json(body, 404), json(body, 403)), ElementsAre("status-changed status"));
  const Outcome let_in = outcome_of(json(body, 401), json(body, 200));
  ASSERT_EQ(let_in.findings.size(), 1u);
  EXPECT_EQ(let_in.findings[0].severity, Severity::critical);
}

TEST(PlantedFault, AnEventStreamLosesItsIds) {
  const auto stream = [](const std::string& body) {
    return ServedResponse{.headers = {{"Content-Type", "text/event-stream"}}, .body = body};
  };
  EXPECT_THAT(failures_of(stream("id: 1\ndata: a\n\n"), stream("data: a\n\n")), ElementsAre("member-removed /0/id"));
}

TEST(PlantedFault, AHeaderIsLostOrChanged) {
  EXPECT_THAT(failures_of(json("{}", 401, {{"WWW-Authenticate", "Bearer"}}), json("{}", 401)),
              ElementsAre("header-removed header:WWW-Authenticate"));
  EXPECT_THAT(failures_of(json("{}", 201, {{"Location", "/items/a"}}), json("{}", 201, {{"Location", "/things/a"}})),
              ElementsAre("value-changed header:Location"));
  EXPECT_THAT(failures_of(json("{}"), {.headers = {{"Content-Type", "text/html"}}, .body = "{}"}),
              ElementsAre("value-changed header:Content-Type"));
}

TEST(PlantedFault, ATextChangesInOneLine) {
  const auto text = [](const std::string& body) {
    return ServedResponse{.headers = {{"Content-Type", "text/plain"}}, .body = body};
  };
  EXPECT_THAT(failures_of(text("one\ntwo\nthree\n"), text("one\n2\nthree\n")), ElementsAre("value-changed body/2"));
  EXPECT_THAT(failures_of(text("one\ntwo\n"), text("one\n")), ElementsAre("body-changed body"));
}

TEST(PlantedFault, BytesChange) {
  const auto image = [](const std::string& body) {
    return ServedResponse{.headers = {{"Content-Type", "image/png"}}, .body = body};
  };
  EXPECT_THAT(failures_of(image("\x89PNG\x01"), image("\x89PNG\x02")), ElementsAre("body-changed body"));
}

TEST(PlantedFault, JsonTurnsIntoAnErrorPage) {
  EXPECT_THAT(failures_of(json("{}"), {.headers = {{"Content-Type", "text/html"}}, .body = "<h1>Oops</h1>"}),
              UnorderedElementsAre("body-kind-changed body", "value-changed header:Content-Type"));
}

TEST(PlantedFault, AnInstantIsWrittenInAnotherWayWithoutADeclaration) {
  EXPECT_THAT(failures_of(json(R"({"at":"2025-01-20T12:00:00Z"})"), json(R"({"at":"2025-01-20T12:00:00+00:00"})")),
              ElementsAre("value-changed /at"));
}

TEST(PlantedFault, AStableTimeLosesItsFraction) {
  EXPECT_THAT(
      failures_of(json(R"({"at":"2025-01-20T12:00:00.123456Z"})"), json(R"({"at":"2025-01-20T12:00:00.123Z"})")),
      ElementsAre("value-changed /at"));
}

TEST(PlantedFault, AnotherUsersTokenComesBack) {
  // The new side answers with what it was sent the time before.
  const HttpHandler stale = [before = std::string(R"({"t":"nothing"})")](const ServedRequest& request) mutable {
    return json(std::exchange(before, request.body));
  };
  const HttpHandler echo = [](const ServedRequest& request) { return json(request.body); };
  const Outcome outcome =
      ReplayRun{.old_side = {.http = echo},
                .new_side = {.http = stale},
                .corpus =
                    "{\"name\":\"one\",\"method\":\"POST\",\"path\":\"/echo\",\"json\":{\"t\":\"{{unique}}\"}}\n"
                    "{\"name\":\"two\",\"method\":\"POST\",\"path\":\"/echo\",\"json\":{\"t\":\"{{unique}}\"}}\n"}
          .run();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_THAT(failures(outcome), UnorderedElementsAre("value-changed /t", "id-not-bijective /t")) << text_of(outcome);
}

}  // namespace
}  // namespace sluice::compat
