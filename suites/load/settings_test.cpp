#include "suites/load/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/core/errors.hpp"
#include "harness/plan/loader.hpp"
#include "harness/testing/check_context.hpp"
#include "suites/load/compare.hpp"

namespace sluice::load {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Settings settings_of(const std::string& text) {
  return read_settings(testing::make_parameters(compare_kind(), text), 1);
}

std::string refusal(const std::string& text) {
  try {
    settings_of(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(CompareSettings, HaveDefaultsThatCanLeadToAPass) {
  const Settings settings = settings_of("{corpus: mix.jsonl}");
  ASSERT_EQ(settings.rules.limits.size(), 1u);
  EXPECT_EQ(settings.rules.limits[0].name, "p99");
  EXPECT_EQ(settings.rules.limits[0].ratio, 1.10);
  EXPECT_EQ(settings.rate, 100);
  EXPECT_EQ(settings.budget, 60s);
  EXPECT_EQ(settings.arrival, measure::Arrival::poisson);
  EXPECT_FALSE(settings.rules.detect.has_value());
}

TEST(CompareSettings, TakeTheLimitsNamedAndOnlyThose) {
  const Settings settings = settings_of("{corpus: mix.jsonl, limit: {p95: 1.2, p50: 1.1}}");
  ASSERT_EQ(settings.rules.limits.size(), 2u);
  EXPECT_EQ(settings.rules.limits[0].name, "p50");
  EXPECT_EQ(settings.rules.limits[1].ratio, 1.2);
}

TEST(CompareSettings, RefuseNoLimitAndALimitBelowOne) {
  EXPECT_THAT(refusal("{corpus: mix.jsonl, limit: {}}"), HasSubstr("at least one of p50, p95, p99"));
  EXPECT_THAT(refusal("{corpus: mix.jsonl, limit: {p50: 0.9}}"), HasSubstr("p50"));
}

TEST(CompareSettings, RefuseABudgetThatHoldsTooFewPairs) {
  EXPECT_THAT(refusal("{corpus: mix.jsonl, budget: 20s}"), HasSubstr("12 pairs of blocks of 1.0 s need 26.7 s"));
  EXPECT_EQ(expected_load(settings_of("{corpus: mix.jsonl, budget: 27s}")).pairs, 12u);
  EXPECT_THAT(refusal("{corpus: mix.jsonl, budget: 26s}"), HasSubstr("and the budget is 26.0 s"))
      << "the waits between the blocks leave room for eleven";
}

// What the loader says to a check with these parameters, which begin in line 6 at column 24.
std::string problems_of(const std::string& parameters) {
  const std::string text =
      "sluice: 1\nname: x\nendpoints: { old: \"http://127.0.0.1:1\", new: \"http://127.0.0.1:2\" }\n"
      "actions: { seed: { command: [true] } }\nchecks:\n  c: { kind: load.compare, corpus: /dev/null, " +
      (parameters + " }\nphases: [ { name: p, enter: [seed], after: [c] } ]\n");
  try {
    plan::parse_plan(text, "/plan.yaml", {compare_kind()});
  } catch (const plan::PlanError& error) {
    return error.what();
  }
  return "";
}

// The place of `shown` in the plan.
std::string place_of(const std::string& shown, const std::string& parameters) {
  const std::string before = "  c: { kind: load.compare, corpus: /dev/null, ";
  return "/plan.yaml:6:" + std::to_string(before.size() + parameters.find(shown) + 1) + ": checks 'c', ";
}

TEST(CompareSettings, AreRefusedWithTheirPlaceBeforeAnythingRuns) {
  const auto expect = [](const std::string& parameters, const std::string& shown, const std::string& message) {
    EXPECT_THAT(problems_of(parameters), AllOf(StartsWith(place_of(shown, parameters)), HasSubstr(message)));
  };
  EXPECT_EQ(problems_of("budget: 60s"), "");
  expect("block: 500ms, budget: 10s", "10s", "budget: 12 pairs of blocks of 500 ms need 13.3 s");
  expect("limit: { p50: 1.5 }, rate: 10/s, errors_max: 0.01", "0.01", "errors_max: errors_max 0.01 needs");
  expect("rate: 5/s, limit: { p50: 2, p99: 1.5 }, errors_max: 0.5", "1.5",
         "limit, p99: limit p99 needs 299 requests a side");
  expect("limit: {}", "{}", "limit: name at least one of p50, p95, p99");
  expect("rate: 100000/s", "100000/s", "rate: rate x budget is 6000000 requests");
}

// A block and a half is none: what is sent comes in whole blocks.
TEST(CompareSettings, CountWholeBlocks) {
  const ExpectedLoad load = expected_load(settings_of("{corpus: mix.jsonl, block: 4s, pairs_min: 6, budget: 60s}"));
  EXPECT_EQ(load.pairs, 6u);
  EXPECT_EQ(load.requests, 2'400u) << "in 54 seconds without waits there would be 2,700";
}

TEST(CompareSettings, RefuseALoadThatCannotEarnAPass) {
  EXPECT_THAT(refusal("{corpus: mix.jsonl, rate: 5/s}"), HasSubstr("limit p99 needs 299 requests a side"));
  EXPECT_THAT(refusal("{corpus: mix.jsonl, errors_max: 0.001}"), HasSubstr("errors_max 0.001 needs"));
  EXPECT_THAT(refusal("{corpus: mix.jsonl, rate: 100000/s}"), HasSubstr("at most 2000000 can be judged"));
}

}  // namespace
}  // namespace sluice::load
