#include "suites/load/workload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "harness/core/errors.hpp"
#include "harness/testing/check_context.hpp"

namespace sluice::load {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryFolder;

const net::Endpoint endpoint{.scheme = "http", .host = "127.0.0.1", .port = 8080, .base_path = "/app"};

std::string refusal(const std::string& corpus, const std::map<std::string, std::string>& routes = {}) {
  const TemporaryFolder folder;
  try {
    Workload(folder.write("mix.jsonl", corpus), scenario::RouteMap(routes));
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Workload, RendersEachRequestWithValuesOfItsOwn) {
  const TemporaryFolder folder;
  const Workload workload(
      folder.write("mix.jsonl",
                   R"({"name": "talk", "method": "POST", "path": "/talk", "json": {"text": "hi {{unique}}"}})"
                   "\n"),
      {});
  const auto requests = workload.prepare({0, 0, 0}, endpoint, false, 9);
  std::set<std::string> distinct;
  for (const auto& request : requests) distinct.insert(request.bytes);
  EXPECT_EQ(distinct.size(), 3u);
  EXPECT_THAT(requests[0].bytes, HasSubstr("POST /app/talk HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"));
  EXPECT_THAT(requests[0].bytes, HasSubstr("\r\n\r\n{\"text\":\"hi "));
  EXPECT_EQ(requests[0].bytes, workload.prepare({0}, endpoint, false, 9)[0].bytes) << "the same seed, the same request";
}

TEST(Workload, DrawsStepsByTheirWeights) {
  const TemporaryFolder folder;
  const Workload workload(folder.write("mix.jsonl",
                                       "{\"name\": \"never\", \"path\": \"/n\", \"weight\": 0}\n"
                                       "{\"name\": \"often\", \"path\": \"/o\", \"weight\": 4}\n"
                                       "{\"name\": \"seldom\", \"path\": \"/s\"}\n"),
                          {});
  const auto steps = workload.draw(10'000, 3);
  EXPECT_EQ(std::count(steps.begin(), steps.end(), 0u), 0);
  EXPECT_NEAR(static_cast<double>(std::count(steps.begin(), steps.end(), 1u)), 8000, 200);
  EXPECT_EQ(steps, workload.draw(10'000, 3));
}

TEST(Workload, RewritesRoutesOnTheNewSideOnly) {
  const TemporaryFolder folder;
  const Workload workload(folder.write("mix.jsonl", "{\"path\": \"/api/search?q=a\"}\n"),
                          scenario::RouteMap({{"/api", "/v2"}, {"/api/search", "/v3/find"}}));
  EXPECT_THAT(workload.prepare({0}, endpoint, false, 1)[0].bytes, HasSubstr("GET /app/api/search?q=a "));
  EXPECT_THAT(workload.prepare({0}, endpoint, true, 1)[0].bytes, HasSubstr("GET /app/v3/find?q=a "));
}

TEST(Workload, RefusesAWebSocketStepWithItsPlace) {
  const std::string message = refusal(
      "{\"path\": \"/a\"}\n"
      "{\"name\": \"chat\", \"websocket\": \"/ws\", \"send\": [\"hello\"], \"expect\": 1}\n");
  EXPECT_THAT(message, HasSubstr("mix.jsonl:2: step \"chat\" is a WebSocket conversation"));
}

TEST(Workload, RefusesAStepThatNeedsAnEarlierAnswer) {
  const std::string message = refusal(
      "{\"name\": \"make\", \"session\": \"s\", \"path\": \"/a\", \"capture\": {\"id\": \"/id\"}}\n"
      "{\"name\": \"use\", \"session\": \"s\", \"path\": \"/a/{{id}}\"}\n");
  EXPECT_THAT(message, HasSubstr("mix.jsonl:2: step \"use\" cannot be sent on its own"));
}

TEST(Workload, RefusesWeightsOfNothingAndRoutesThatAreNoPaths) {
  EXPECT_THAT(refusal("{\"path\": \"/a\", \"weight\": 0}\n"), ::testing::Not("accepted"));
  EXPECT_THAT(refusal("{\"path\": \"/a\"}\n", {{"api", "/v2"}}), HasSubstr("is not a route"));
}

TEST(Workload, IsEmptyForAnEmptyCorpus) {
  const TemporaryFolder folder;
  EXPECT_TRUE(Workload(folder.write("mix.jsonl", ""), {}).empty());
}

}  // namespace
}  // namespace sluice::load
