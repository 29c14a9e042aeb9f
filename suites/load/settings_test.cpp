#include "suites/load/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/core/errors.hpp"
#include "harness/testing/check_context.hpp"
#include "suites/load/compare.hpp"

namespace sluice::load {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

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
  EXPECT_THAT(refusal("{corpus: mix.jsonl, budget: 20s}"), HasSubstr("12 pairs of blocks of 1.0 s need 24.0 s"));
}

TEST(CompareSettings, RefuseALoadThatCannotEarnAPass) {
  EXPECT_THAT(refusal("{corpus: mix.jsonl, rate: 5/s}"), HasSubstr("limit p99 needs 299 requests a side"));
  EXPECT_THAT(refusal("{corpus: mix.jsonl, errors_max: 0.001}"), HasSubstr("errors_max 0.001 needs"));
  EXPECT_THAT(refusal("{corpus: mix.jsonl, rate: 100000/s}"), HasSubstr("at most 2000000 can be judged"));
}

}  // namespace
}  // namespace sluice::load
