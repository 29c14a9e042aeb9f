#include "reports/summary.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "reports/testing/sample_results.hpp"

namespace sluice::reports {
namespace {

TEST(Numbers, AreWrittenForPeople) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(18'446'744'073'709'551'615u), "18,446,744,073,709,551,615");
  EXPECT_EQ(number(0), "0");
  EXPECT_EQ(number(-0.0), "0");
  EXPECT_EQ(number(20'001), "20,001");
  EXPECT_EQ(number(-1'234), "-1,234");
  EXPECT_EQ(number(1.0834), "1.083");
  EXPECT_EQ(number(12'345.678), "12,345.7");
  EXPECT_EQ(number(999'999.97), "1,000,000.0");
  EXPECT_EQ(number(0.00002), "0.00002");
  EXPECT_EQ(number(0.0000123456), "0.0000123");
  EXPECT_EQ(number(3e-12), "3e-12");
  EXPECT_EQ(number(2.5e21), "2.5e+21");
  EXPECT_EQ(number(std::nan("")), "not a number");
  EXPECT_EQ(number(-std::numeric_limits<double>::infinity()), "minus infinity");
}

TEST(Counts, PutEveryCheckOfTheRunIntoItsSuite) {
  const auto counts = count_suites(no_go_sample());
  ASSERT_EQ(counts.size(), 4u);
  EXPECT_EQ(counts[0].suite, "compat");
  EXPECT_EQ(counts[0].passed, 3u);
  EXPECT_EQ(counts[1].suite, "migration");
  EXPECT_EQ(counts[1].failed, 1u);
  EXPECT_EQ(counts[1].not_run, 1u);  // skipped
  EXPECT_EQ(counts[2].suite, "load");
  EXPECT_EQ(counts[2].inconclusive, 1u);
  EXPECT_EQ(counts[2].not_run, 1u);  // never started in a later phase, ran in an earlier one
  EXPECT_EQ(counts[3].suite, "isolation");
  EXPECT_EQ(counts[3].errored, 1u);
  EXPECT_EQ(counts[3].ran(), 1u);
  EXPECT_EQ(unplaced_not_run(no_go_sample()), 1u);
}

TEST(Counts, ShowASuiteThatTheDesignDoesNotName) {
  RunResult run = go_sample();
  run.phases.back().checks.front().suite = "custom";
  ASSERT_EQ(count_suites(run).size(), 5u);
  EXPECT_EQ(count_suites(run).back().suite, "custom");
}

TEST(Counts, TellWaivedAndAllowedFromWhatReallyFailed) {
  const auto counts = count_suites(waived_sample());
  EXPECT_EQ(counts[1].failed, 1u);
  EXPECT_EQ(counts[1].waived, 1u);
  EXPECT_EQ(counts[2].inconclusive, 1u);
  EXPECT_EQ(counts[2].allowed, 1u);
  EXPECT_EQ(count_suites(no_go_sample())[1].waived, 0u);
}

TEST(Headline, LetsNoGoLookPlainThatIsNot) {
  EXPECT_EQ(headline(go_sample()), "GO");
  EXPECT_EQ(headline(no_go_sample()), "NO-GO");
  RunResult run = waived_sample();
  EXPECT_EQ(headline(run), "GO with 2 waived findings and 1 check allowed to be inconclusive");
  EXPECT_EQ(headline(run.phases.back()), headline(run));
  run.phases.back().concessions.pop_back();
  run.phases.back().concessions[0].findings = 1;
  EXPECT_EQ(headline(run), "GO with 1 waived finding");
  run.decision = Decision::no_go;
  EXPECT_EQ(headline(run), "NO-GO");
}

TEST(Waivers, HoldUpToTheirLastDay) {
  PhaseResult phase;
  phase.started = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + std::chrono::hours(23);
  const auto left = [&](const char* expires) {
    return days_left(Waiver{.check = {},
                            .rule = {},
                            .where = {},
                            .owner = {},
                            .reason = {},
                            .expires = expires,
                            .severity_ack = {},
                            .source = {}},
                     phase);
  };
  EXPECT_EQ(left("2026-11-20"), 0);
  EXPECT_EQ(left("2026-12-01"), 11);
  EXPECT_EQ(left("2026-11-19"), -1);
  EXPECT_FALSE(left("soon"));
}

TEST(NotRunList, NamesEverySkippedCheckOnce) {
  const auto absent = everything_not_run(go_sample());
  ASSERT_EQ(absent.size(), 1u);
  EXPECT_EQ(absent.front().name, "same-answers");
  EXPECT_EQ(everything_not_run(no_go_sample()).back().name, "schema");
}

TEST(Times, AreUtcAndExact) {
  const RunResult run = go_sample();
  EXPECT_EQ(iso_time(run.started), "2026-11-20T09:41:07.123456789Z");
  EXPECT_EQ(human_time(run.started), "2026-11-20 09:41:07 UTC");
  EXPECT_EQ(human_time(TimePoint{}), "unknown");
  EXPECT_EQ(iso_time(TimePoint{} - std::chrono::nanoseconds(1)), "1969-12-31T23:59:59.999999999Z");
}

TEST(Measured, SaysTheIntervalWithItsConfidence) {
  EXPECT_EQ(
      measured({.name = "p99_ratio", .value = 1.0834, .unit = "ratio", .interval = Interval{0.9612, 1.2107, 0.99}}),
      "1.083 (99% interval 0.9612 to 1.211)");
  EXPECT_EQ(measured({.name = "p99", .value = 12.25, .unit = "ms"}), "12.25 ms");
}

}  // namespace
}  // namespace sluice::reports
