#include "suites/isolation/canary.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <set>
#include <stop_token>
#include <utility>

#include "harness/core/errors.hpp"
#include "suites/isolation/suite.hpp"
#include "suites/isolation/testing/canary_run.hpp"

namespace sluice::isolation {
namespace {

using namespace sluice::isolation::testing;
using sluice::testing::HttpServer;
using sluice::testing::ServedRequest;
using sluice::testing::ServedResponse;
using ::testing::HasSubstr;

const std::string note = R"({"name": "note", "method": "POST", "path": "/api/notes", "text": "note {{secret}}"})";

ServedResponse echo(const ServedRequest& request) { return {.body = "{\"note\":\"" + request.body + "\"}"}; }

/// Answers with the previous user's note besides.
class Leaky {
 public:
  ServedResponse operator()(const ServedRequest& request) {
    const std::string before = std::exchange(last_, request.body);
    return {.body = before + request.body};
  }

 private:
  std::string last_;
};

double metric(const Outcome& outcome, const std::string& name) {
  const auto found = std::find_if(outcome.metrics.begin(), outcome.metrics.end(),
                                  [&](const Metric& candidate) { return candidate.name == name; });
  return found == outcome.metrics.end() ? -1 : found->value;
}

TEST(Canary, PassesOnBothSidesAndReportsWhatItDid) {
  const HttpServer old_server({.http = echo});
  const HttpServer new_server({.http = [](const ServedRequest& request) {
    return request.target == "/v2/notes" ? echo(request) : ServedResponse{.status = 500, .body = "wrong route"};
  }});
  const CanaryRun run{{note}, few_users + R"(, "routes": {"/api": "/v2"})"};
  const Outcome outcome = run.against(new_server, &old_server);
  EXPECT_EQ(outcome.verdict, Verdict::passed) << outcome.reason;
  EXPECT_GE(metric(outcome, "in_flight_max_new"), 2);
  EXPECT_EQ(metric(outcome, "own_secrets_returned_new"), 8 * 6);
  EXPECT_EQ(metric(outcome, "users_with_own_secret_returned_old"), 8);
  EXPECT_EQ(metric(outcome, "tokens_watched"), 2 * 8 * 6);
  EXPECT_GE(metric(outcome, "trials_new"), 8 * 5);
  EXPECT_EQ(old_server.requests_served(), 8u * 6u);
  ASSERT_TRUE(outcome.control.has_value());
  EXPECT_TRUE(outcome.control->caught) << outcome.control->observed;
}

TEST(Canary, FailsOnALeakThatOnlyTheNewSideHas) {
  const HttpServer old_server({.http = echo});
  const HttpServer new_server({.http = Leaky()});
  const Outcome outcome = CanaryRun{{note}}.against(new_server, &old_server);
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_EQ(where(outcome.findings.at(0), "seen on"), "new only");
}

TEST(Canary, TellsALeakThatBothSidesHave) {
  const HttpServer old_server({.http = Leaky()});
  const HttpServer new_server({.http = Leaky()});
  const Outcome outcome = CanaryRun{{note}}.against(new_server, &old_server);
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_EQ(where(outcome.findings.at(0), "seen on"), "both");
}

TEST(Canary, WarnsOfALeakThatOnlyTheOldSideHas) {
  const HttpServer old_server({.http = Leaky()});
  const HttpServer new_server({.http = echo});
  const Outcome outcome = CanaryRun{{note}}.against(new_server, &old_server);
  EXPECT_EQ(outcome.verdict, Verdict::passed) << outcome.reason;
  EXPECT_EQ(outcome.findings.at(0).severity, Severity::warning);
}

TEST(Canary, FailsWhenUsersOfTheOldSideShowUpOnTheNewOne) {
  std::string last;  // what both sides share: a database, a cache
  const auto keep = [&](const ServedRequest& request) {
    last = request.body;
    return echo(request);
  };
  const HttpServer old_server({.http = keep});
  const HttpServer new_server({.http = [&](const ServedRequest& request) {
    ServedResponse response = echo(request);
    response.body += last;
    return response;
  }});
  const Outcome outcome = CanaryRun{{note}}.against(new_server, &old_server);
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_THAT(where(outcome.findings.at(0), "owner"), HasSubstr("on the old side"));
}

TEST(Canary, IsInconclusiveWhenBodiesCannotBeDecoded) {
  const HttpServer server({.http = [](const ServedRequest& request) {
    return ServedResponse{.headers = {{"Content-Encoding", "br"}, {"X-Echo", request.body}}, .body = "\x8b\x01\x80"};
  }});
  const Outcome outcome = CanaryRun{{note}}.against(server);
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(outcome.reason, HasSubstr("144 bytes could not be searched (body with Content-Encoding \"br\")"));
}

TEST(Canary, IsInconclusiveWhenSecretsNeverTravel) {
  const HttpServer server({.http = [](const ServedRequest&) { return ServedResponse{.body = "{}"}; }});
  const Outcome outcome = CanaryRun{{note}}.against(server);
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(outcome.reason, HasSubstr("never gets its own secrets back"));
}

TEST(Canary, IsInconclusiveWhenTheServiceDiesHalfWay) {
  std::size_t requests = 0;
  const HttpServer server({.http = [&](const ServedRequest& request) {
    ServedResponse response = echo(request);
    response.drop = ++requests > 24;
    return response;
  }});
  const Outcome outcome = CanaryRun{{note}}.against(server);
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(outcome.reason, HasSubstr("of 48 exchanges failed"));
}

TEST(Canary, IsInconclusiveWhenNothingListens) {
  auto gone = std::make_unique<HttpServer>(sluice::testing::ServerHandlers{.http = echo});
  const std::string url = gone->url();
  gone.reset();
  const sluice::testing::TemporaryFolder folder;
  CheckContext context = sluice::testing::make_context(folder, "no-bleed");
  context.endpoints["new"] = url;
  const Outcome outcome = CanaryRun{{note}}.run(folder, context, "new");
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(outcome.reason, HasSubstr("48 of 48 exchanges failed (100%, 1% allowed)"));
}

TEST(Canary, IsInconclusiveWhenACaptureIsMissing) {
  const HttpServer server({.http = echo});
  const Outcome outcome =
      CanaryRun{{R"({"name": "note", "method": "POST", "path": "/n", "text": "{{secret}}", "capture": {"id": "/id"}})",
                 R"({"name": "read", "path": "/n/{{id}}"})"}}
          .against(server);
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(outcome.reason, HasSubstr("step \"read\": {{id}} has no value here"));
}

TEST(Canary, IsInconclusiveOnAnEmptyScenario) {
  const HttpServer server({.http = echo});
  EXPECT_EQ(CanaryRun{{}}.against(server).verdict, Verdict::inconclusive);
}

TEST(Canary, SendsTheSameTokensForTheSameSeed) {
  const auto bodies = [](std::uint64_t seed) {
    std::multiset<std::string> seen;
    const HttpServer server({.http = [&](const ServedRequest& request) {
      seen.insert(request.body);
      return echo(request);
    }});
    const sluice::testing::TemporaryFolder folder;
    CheckContext context = sluice::testing::make_context(folder, "no-bleed");
    context.endpoints["new"] = server.url();
    context.seed = seed;
    CanaryRun{{note}}.run(folder, context, "new");
    return seen;
  };
  const auto first = bodies(4);
  EXPECT_EQ(first.size(), 48u);
  EXPECT_EQ(first, bodies(4));
  EXPECT_NE(first, bodies(5));
}

TEST(Canary, RefusesAScenarioWithoutSecrets) {
  const HttpServer server({.http = echo});
  EXPECT_THROW(CanaryRun{{R"({"name": "ping", "path": "/ping"})"}}.against(server), InputError);
}

TEST(Canary, RefusesAnUnknownVariable) {
  const HttpServer server({.http = echo});
  EXPECT_THROW(CanaryRun{{R"({"name": "ping", "path": "/{{secret9}}"})"}}.against(server), InputError);
}

TEST(Canary, StopsWhenTheRunIsCancelled) {
  const HttpServer server({.http = echo});
  const sluice::testing::TemporaryFolder folder;
  CheckContext context = sluice::testing::make_context(folder, "no-bleed");
  context.endpoints["new"] = server.url();
  std::stop_source source;
  context.cancelled = source.get_token();
  context.progress = [&](const Progress& progress) {
    if (progress.done >= 10) source.request_stop();
  };
  EXPECT_THROW(CanaryRun{{note}}.run(folder, context, "new"), Cancelled);
  EXPECT_LT(server.requests_served(), 48u);
}

TEST(Suite, HasTheCanary) {
  ASSERT_EQ(kinds().size(), 1u);
  EXPECT_EQ(kinds()[0].name, "isolation.canary");
  EXPECT_EQ(kinds()[0].suite(), "isolation");
}

}  // namespace
}  // namespace sluice::isolation
