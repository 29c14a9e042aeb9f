// Real servers with a planted fault on the new side: none may pass, and the clear ones must fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "harness/core/errors.hpp"
#include "suites/load/testing/compare_fixture.hpp"

namespace sluice::load::testing {
namespace {

using namespace std::chrono_literals;
using sluice::testing::ServedRequest;
using sluice::testing::ServedResponse;
using ::testing::Contains;
using ::testing::HasSubstr;

class CompareFaults : public CompareFixture {};

std::vector<std::string> rules_of(const Outcome& outcome) {
  std::vector<std::string> rules;
  for (const Finding& finding : outcome.findings) rules.push_back(finding.rule);
  return rules;
}

/// Answers after 30 ms; every `period`-th request is answered by `fault` instead.
Handler with_fault(std::uint64_t period, ServedResponse fault) {
  const auto count = std::make_shared<std::atomic<std::uint64_t>>(0);
  return [=](const ServedRequest&) -> ServedResponse {
    if (++*count % period == 0) return fault;
    return {.body = "{}", .delay = 30ms};
  };
}

TEST_F(CompareFaults, ThirtyPercentSlowerFailsAtTheMedian) {
  const Outcome outcome = compare(thinking(), thinking([](auto) { return 1.3; }));
  ASSERT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
  ASSERT_THAT(rules_of(outcome), Contains("latency-regressed"));
  const Finding& finding = outcome.findings.front();
  EXPECT_EQ(finding.where.front(), (std::pair<std::string, std::string>("percentile", "p50")));
  EXPECT_TRUE(finding.old_value && finding.new_value);
  EXPECT_THAT(finding.reproduce, HasSubstr("--seed 1"));
  EXPECT_EQ(outcome.artifacts.size(), 2u);
  EXPECT_GT(outcome.coverage.front().examined, 500u);
}

// Noise may hide a tail from this few requests, so inconclusive is an honest answer; the median must stay out of it.
TEST_F(CompareFaults, ThreePercentOfRequestsTwiceAsSlowDoNotPass) {
  const Outcome outcome = compare(thinking(), thinking([](auto n) { return n % 33 == 0 ? 2.0 : 1.0; }));
  EXPECT_THAT(outcome.verdict, ::testing::AnyOf(Verdict::failed, Verdict::inconclusive)) << outcome.reason;
  for (const Finding& finding : outcome.findings) EXPECT_EQ(finding.where.front().second, "p99");
}

TEST_F(CompareFaults, ThreePercentOfRequestsTenTimesAsSlowFailAtTheTailOnly) {
  const Outcome outcome = compare(thinking(), thinking([](auto n) { return n % 33 == 0 ? 10.0 : 1.0; }));
  ASSERT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_EQ(outcome.findings.front().where.front().second, "p99");
}

// As many failures as are allowed at most: too many to pass, too few to be sure of more.
TEST_F(CompareFaults, OnePercentOfErrorsDoesNotPass) {
  const Outcome outcome = compare(thinking(), with_fault(100, {.status = 500, .body = "oops"}));
  EXPECT_THAT(outcome.verdict, ::testing::AnyOf(Verdict::failed, Verdict::inconclusive)) << outcome.reason;
  EXPECT_THAT(outcome.reason, HasSubstr("requests to the new side failed"));
}

TEST_F(CompareFaults, EightPercentOfErrorsFailThoughTheyAreFast) {
  const Outcome outcome = compare(thinking(), with_fault(12, {.status = 503, .body = "busy"}));
  ASSERT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
  ASSERT_THAT(rules_of(outcome), Contains("errors-regressed"));
  EXPECT_THAT(outcome.findings.back().where.back().second, HasSubstr("status 503"));
}

TEST_F(CompareFaults, ConnectionsThatAreCutCountAsErrors) {
  const Outcome outcome = compare(thinking(), with_fault(12, {.drop = true}));
  ASSERT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
  EXPECT_THAT(rules_of(outcome), Contains("errors-regressed"));
}

TEST_F(CompareFaults, ANewSideThatOnlyFailsEndsTheMeasurementEarly) {
  const Outcome outcome = compare(thinking(), with_fault(1, {.status = 500, .body = "down"}));
  ASSERT_EQ(outcome.verdict, Verdict::failed) << outcome.reason;
  EXPECT_LT(outcome.coverage.front().examined, 500u) << "three silent blocks are enough";
}

TEST_F(CompareFaults, AnOldSideThatFailsIsNoBaseline) {
  const Outcome outcome = compare(with_fault(12, {.status = 500, .body = "oops"}), thinking(), {{"budget", "6s"}});
  EXPECT_EQ(outcome.verdict, Verdict::inconclusive);
  EXPECT_THAT(outcome.reason, HasSubstr("no baseline"));
}

// The server's only thread stands still, for 1.4 s and seldom. A stall may be the machine's, so inconclusive is an
// honest answer; what matters is that all requests that were due meanwhile show it.
TEST_F(CompareFaults, AStallDoesNotPassAndShowsInEveryRequestThatWasDue) {
  const auto count = std::make_shared<std::atomic<int>>(0);
  const Handler stalling = [count](const ServedRequest&) {
    if (++*count % 400 == 380) std::this_thread::sleep_for(1400ms);  // the fault itself
    return ServedResponse{.body = "{}", .delay = 30ms};
  };
  const Outcome outcome =
      compare(thinking(), stalling, {{"block", "1800ms"}, {"pairs_min", "6"}, {"budget", "25s"}, {"rate", "100/s"}});
  ASSERT_THAT(outcome.verdict, ::testing::AnyOf(Verdict::failed, Verdict::inconclusive)) << outcome.reason;
  // It hits the second block that counts, and another one in case the machine itself stands still then. About 140 of
  // the 1,100 or fewer requests of the new side waited, so the 99th percentile lies among them; a generator that waits
  // with the service would show its connections' worth, and a p99 of 30 ms.
  const auto p99 = std::find_if(outcome.metrics.begin(), outcome.metrics.end(),
                                [](const Metric& metric) { return metric.name == "latency_new_ms_p99"; });
  ASSERT_NE(p99, outcome.metrics.end());
  EXPECT_GT(p99->value, 300);
}

TEST_F(CompareFaults, ASideThatDoesNotListenIsAnErrorOfTheEnvironment) {
  std::string dead;
  {
    const sluice::testing::HttpServer server({.http = thinking(), .websocket = {}});
    dead = server.url();
  }
  const sluice::testing::HttpServer alive({.http = thinking(), .websocket = {}});
  EXPECT_THROW(compare_urls(alive.url(), dead), EnvironmentError);
}

}  // namespace
}  // namespace sluice::load::testing
