#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "harness/core/errors.hpp"
#include "suites/compat/testing/replay_run.hpp"

namespace sluice::compat {
namespace {

using sluice::testing::ServedRequest;
using sluice::testing::ServedResponse;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string one_get = "{\"path\":\"/api/search?q=neural\"}\n";

ReplayRun equal_sides(std::string body) {
  return {.old_side = {.http = always(json(body))}, .new_side = {.http = always(json(body))}, .corpus = one_get};
}

TEST(Replay, PassesWhereBothSidesAgreeAndProvesThatItCanFail) {
  const Outcome outcome = equal_sides(R"({"count":2,"items":[{"n":9007199254740993},{"n":1.10}]})").run();
  EXPECT_EQ(outcome.verdict, Verdict::passed) << text_of(outcome);
  EXPECT_EQ(outcome.coverage.at(0).unit, "exchanges");
  EXPECT_EQ(outcome.coverage.at(0).examined, 1u);
  ASSERT_TRUE(outcome.control);
  EXPECT_TRUE(outcome.control->caught) << outcome.control->observed;
  EXPECT_EQ(outcome.findings_total, 0u);
  ASSERT_EQ(outcome.artifacts.size(), 1u);
}

TEST(Replay, CatchesItsOwnAlterationWhereverItIsPlanted) {
  ReplayRun run = equal_sides(R"({"a":"text","b":[1,2.5,true,null,{"c":"x y z"}],"d":"2025-01-20T12:00:00Z"})");
  run.corpus += "{\"path\":\"/other\",\"method\":\"POST\",\"json\":{\"k\":1}}\n";
  for (run.seed = 1; run.seed <= 12; ++run.seed) {
    const Outcome outcome = run.run();
    ASSERT_EQ(outcome.verdict, Verdict::passed) << text_of(outcome);
    EXPECT_TRUE(outcome.control->caught) << run.seed << " " << text_of(outcome);
  }
}

TEST(Replay, PlantsAnotherStatusWhereAnswersHoldNoValue) {
  ReplayRun run{.old_side = {.http = always({.status = 204, .headers = {}})},
                .new_side = {.http = always({.status = 204, .headers = {}})},
                .corpus = one_get};
  const Outcome outcome = run.run();
  EXPECT_EQ(outcome.verdict, Verdict::passed) << text_of(outcome);
  EXPECT_TRUE(outcome.control->caught);
  EXPECT_THAT(outcome.control->planted, HasSubstr("status"));
}

TEST(Replay, ShowsWhereBothValuesAndHowToSeeItAgain) {
  ReplayRun run{
      .old_side = {.http = always(json(R"({"n":1})"))},
      .new_side = {.http = always(json(R"({"n":2})"))},
      .corpus =
          "{\"name\":\"find\",\"path\":\"/api/items/7?q=x\",\"headers\":{\"Authorization\":\"Bearer s3cret\"}}\n"};
  const Outcome outcome = run.run();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  ASSERT_EQ(outcome.findings.size(), 1u) << text_of(outcome);
  const Finding& finding = outcome.findings[0];
  EXPECT_EQ(finding.rule, "value-changed");
  EXPECT_EQ(finding.where[0].second, "GET /api/items/{id}");
  EXPECT_EQ(finding.where[1].second, "find");
  EXPECT_EQ(finding.where[2].second, "/n");
  EXPECT_EQ(finding.old_value, "1");
  EXPECT_EQ(finding.new_value, "2");
  EXPECT_THAT(finding.reproduce,
              HasSubstr("sluice run plan.yaml --check same-answers --seed 1  # this exchange alone: curl -sS -i "));
  EXPECT_THAT(finding.reproduce, HasSubstr("/api/items/7?q=x"));
  EXPECT_THAT(finding.reproduce, ::testing::Not(HasSubstr("s3cret")));
}

TEST(Replay, CountsTheSameDifferenceOnARouteOnce) {
  ReplayRun run{.old_side = {.http = always(json(R"([{"n":1},{"n":1}])"))},
                .new_side = {.http = always(json(R"([{"n":2},{"n":2}])"))},
                .corpus = "{\"path\":\"/api/items?p=1\"}\n{\"path\":\"/api/items?p=2\"}\n"};
  const Outcome outcome = run.run();
  ASSERT_EQ(outcome.findings.size(), 1u) << text_of(outcome);
  EXPECT_EQ(outcome.findings[0].occurrences, 4u);
  EXPECT_EQ(outcome.findings_total, 1u);
}

TEST(Replay, MapsRoutes) {
  const HttpHandler echo = [](const ServedRequest& request) -> ServedResponse {
    return json("{\"route\":\"" + request.method + "\"}",
                request.target.starts_with("/v2") || request.target == "/same" ? 200 : 404);
  };
  ReplayRun run{.old_side = {.http = always(json("{\"route\":\"GET\"}"))},
                .new_side = {.http = echo},
                .corpus = "{\"path\":\"/api/search?q=a\"}\n{\"path\":\"/same\"}\n",
                .parameters = R"({"routes":{"/api":"/v2","/never":"/used"}})"};
  const Outcome outcome = run.run();
  EXPECT_EQ(outcome.verdict, Verdict::passed) << text_of(outcome);
  ASSERT_EQ(outcome.findings.size(), 1u) << text_of(outcome);
  EXPECT_EQ(outcome.findings[0].rule, "route-unused");
}

TEST(Replay, SendsOtherTokensToEachPassAndCarriesCapturedIdsOn) {
  // Ids are counted from different starts on the two sides, and tokens differ from pass to pass.
  const auto service = [](int start) -> HttpHandler {
    return [next = start](const ServedRequest& request) mutable -> ServedResponse {
      if (request.method == "POST") {
        const std::string id = std::to_string(next++);
        return json("{\"id\":" + id + ",\"echo\":" + request.body + "}", 201, {{"Location", "/items/" + id}});
      }
      return json("{\"id\":" + request.target.substr(request.target.rfind('/') + 1) + "}");
    };
  };
  const std::string corpus =
      "{\"name\":\"create\",\"session\":\"s\",\"method\":\"POST\",\"path\":\"/items\",\"json\":{\"t\":\"hello "
      "{{unique:t}}\"},\"capture\":{\"id\":\"/id\"}}\n"
      "{\"name\":\"create "
      "another\",\"session\":\"s\",\"method\":\"POST\",\"path\":\"/items\",\"json\":{\"t\":\"{{unique}}\"}}\n"
      "{\"name\":\"read\",\"session\":\"s\",\"path\":\"/items/{{id}}\"}\n";
  ReplayRun run{.old_side = {.http = service(1)}, .new_side = {.http = service(9000)}, .corpus = corpus};
  const Outcome outcome = run.run();
  EXPECT_EQ(outcome.verdict, Verdict::passed) << text_of(outcome);
  EXPECT_TRUE(outcome.control->caught);
}

TEST(Replay, WaitsUntilAClockCanShowItself) {
  std::atomic<int> calls = 0;
  const HttpHandler clock = [&](const ServedRequest&) {
    const auto now =
        std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()).time_since_epoch().count();
    ++calls;
    return json("{\"at\":" + std::to_string(now) + "}");
  };
  ReplayRun run{.old_side = {.http = clock}, .new_side = {.http = clock}, .corpus = one_get};
  for (run.seed = 1; run.seed <= 3; ++run.seed) {
    const Outcome outcome = run.run();
    EXPECT_EQ(outcome.verdict, Verdict::passed) << text_of(outcome);
  }
  EXPECT_EQ(calls, 9);
}

TEST(ReplayFailsClosed, OnAnEmptyCorpus) {
  ReplayRun run = equal_sides("{}");
  run.corpus = "\n";
  const Outcome outcome = run.run();
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_EQ(outcome.reason, "the corpus corpus.jsonl holds no exchange");
}

TEST(ReplayFailsClosed, OnFewerExchangesThanRequired) {
  ReplayRun run = equal_sides("{}");
  run.parameters = R"({"minimum_exchanges":2})";
  const Outcome outcome = run.run();
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_EQ(outcome.reason, "1 exchanges were compared, 2 are required; extend the corpus");
}

TEST(ReplayFailsClosed, WhenTheOldSideDoesNotAnswer) {
  ReplayRun run = equal_sides("{}");
  run.old_side.http = always({.drop = true});
  const Outcome outcome = run.run();
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive) << text_of(outcome);
  EXPECT_THAT(outcome.reason, HasSubstr("the old side did not answer 1 of 1 exchanges"));
}

TEST(ReplayFailsClosed, WhenOnlyTheNewSideDoesNotAnswer) {
  ReplayRun run = equal_sides("{}");
  run.new_side.http = always({.drop = true});
  const Outcome outcome = run.run();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_THAT(failures(outcome), Contains("no-answer status"));
}

TEST(ReplayFailsClosed, WhenTheNewSideLeavesOutWhatLaterStepsNeed) {
  ReplayRun run{.old_side = {.http = always(json(R"({"id":7})"))},
                .new_side = {.http = always(json("{}"))},
                .corpus = "{\"path\":\"/a\",\"capture\":{\"id\":\"/id\"}}\n{\"path\":\"/a/{{id}}\"}\n"};
  const Outcome outcome = run.run();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_THAT(failures(outcome), ::testing::UnorderedElementsAre("not-sent status", "member-removed /id"));
}

TEST(ReplayFailsClosed, GivingUpOnADeadSideInsteadOfWaitingForEveryStep) {
  ReplayRun run = equal_sides("{}");
  run.corpus.clear();
  for (int i = 0; i < 100; ++i) run.corpus += "{\"path\":\"/" + std::to_string(i) + "\"}\n";
  std::atomic<int> asked = 0;
  run.new_side.http = [&](const ServedRequest&) -> ServedResponse {
    ++asked;
    return {.drop = true};
  };
  const Outcome outcome = run.run();
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_EQ(outcome.coverage.at(0).expected, 100u);
  EXPECT_LT(outcome.coverage.at(0).examined, 100u);
  EXPECT_LT(asked, 20);
}

TEST(ReplayParameters, AreCheckedBeforeAnyTraffic) {
  std::atomic<int> asked = 0;
  ReplayRun run = equal_sides("{}");
  run.old_side.http = [&](const ServedRequest&) {
    ++asked;
    return json("{}");
  };
  for (const char* parameters : {R"({"ignore":[{"pointer":"/a"}]})", R"({"ignore":[{"pointer":"a","reason":"r"}]})",
                                 R"({"arrays":{"/a":"sorted"}})", R"({"numbers":{"/a":-1}})",
                                 R"({"routes":{"a":"/b"}})", R"({"timeout":"never"})", R"({"unknown":1})"}) {
    run.parameters = parameters;
    EXPECT_THROW(run.run(), InputError) << parameters;
  }
  run.parameters = "{}";
  run.corpus = "{\"path\":\"/{{never_captured}}\"}\n";
  EXPECT_THROW(run.run(), InputError);
  EXPECT_EQ(asked, 0);
}

TEST(ReplayIgnores, ExcuseADeclaredDifferenceAndWarnWhenStale) {
  ReplayRun run{
      .old_side = {.http = always(json(R"({"v":1,"n":1})"))},
      .new_side = {.http = always(json(R"({"v":2,"n":1})"))},
      .corpus = one_get,
      .parameters =
          R"({"ignore":[{"route":"GET /api/*","pointer":"/v","reason":"version"},{"pointer":"/gone","reason":"old"}]})"};
  const Outcome outcome = run.run();
  EXPECT_EQ(outcome.verdict, Verdict::passed) << text_of(outcome);
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_EQ(outcome.findings[0].rule, "ignore-stale");
  EXPECT_EQ(outcome.findings[0].severity, Severity::warning);
}

}  // namespace
}  // namespace sluice::compat
