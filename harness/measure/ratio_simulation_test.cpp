// How often the ratio test is wrong, counted over simulated services with known differences. Seeded, so the counts are
// the same on every machine.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <random>

#include "harness/measure/ratio.hpp"
#include "harness/measure/sequential.hpp"

namespace sluice::measure {
namespace {

constexpr std::array<double, 2> quantiles{0.5, 0.99};
constexpr std::array<double, 4> quarters{0.25, 0.5, 0.75, 1.0};

struct Service {
  double slowdown = 1;       ///< of every request of the new side
  double tail_slowdown = 1;  ///< of the slowest 3% of its requests
  double stalls = 0;         ///< share of blocks, of either side, in which the machine stands still for 200 ms
};

std::vector<BlockPair> simulate(const Service& service, std::size_t pair_count, std::uint64_t seed) {
  constexpr std::size_t requests = 50;
  std::mt19937_64 random(seed);
  std::normal_distribution<double> noise(0, 1);
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<BlockPair> pairs(pair_count);
  double drift = 0;
  const auto block = [&](double factor, double tail_factor) {
    drift = 0.7 * drift + 0.1 * std::sqrt(1 - 0.49) * noise(random);  // AR(1), 10% from block to block
    const double stall = unit(random) < service.stalls ? 200 * unit(random) : 0;
    std::vector<double> latencies(requests);
    for (double& latency : latencies) {
      latency = 40 * std::exp(drift + 0.08 * noise(random)) * factor;
      if (unit(random) < 0.03) latency *= 1.5 * tail_factor;
      // Those that arrive during the stall wait for its end, from the due time on.
      if (stall > 0) latency += std::max(0.0, stall - 1000 * unit(random));
    }
    return latencies;
  };
  for (BlockPair& pair : pairs) {
    const bool old_first = unit(random) < 0.5;
    if (old_first) pair.old_side = block(1, 1);
    pair.new_side = block(service.slowdown, service.tail_slowdown);
    if (!old_first) pair.old_side = block(1, 1);
  }
  return pairs;
}

struct Counts {
  int pass = 0;
  int fail = 0;
  int inconclusive = 0;
};

constexpr int runs = 200;

/// The verdicts of the sequential procedure: up to four looks, the first verdict holds.
Counts judge_many(const Service& service, std::size_t quantile, double limit) {
  const auto levels = obrien_fleming_levels(0.05, quarters);
  Counts counts;
  for (int run = 0; run < runs; ++run) {
    const auto pairs = simulate(service, 40, static_cast<std::uint64_t>(run) * 7919 + 13);
    RatioVerdict verdict = RatioVerdict::inconclusive;
    for (std::size_t look = 1; look < 4 && verdict == RatioVerdict::inconclusive; ++look) {
      const auto so_far = std::span(pairs).first(static_cast<std::size_t>(40 * quarters[look]));
      const BootstrapOptions options{.resamples = 120, .seed = static_cast<std::uint64_t>(run) + 1};
      const auto estimates = bootstrap_log_ratios(so_far, std::span(quantiles).subspan(quantile, 1), options);
      verdict = judge_ratio(estimates[0], limit, levels[look], levels[look]);
    }
    counts.pass += verdict == RatioVerdict::pass;
    counts.fail += verdict == RatioVerdict::fail;
    counts.inconclusive += verdict == RatioVerdict::inconclusive;
  }
  const std::string what = "q" + std::to_string(quantile) + " slowdown " + std::to_string(service.slowdown) + " tail " +
                           std::to_string(service.tail_slowdown) + " stalls " + std::to_string(service.stalls);
  ::testing::Test::RecordProperty(what, std::to_string(counts.pass) + " pass, " + std::to_string(counts.fail) +
                                            " fail, " + std::to_string(counts.inconclusive) + " inconclusive");
  return counts;
}

constexpr int at_most(double share) { return static_cast<int>(share * runs); }
constexpr int at_least(double share) { return static_cast<int>(share * runs); }

TEST(RatioSimulation, TheSameServiceTwicePassesAndNeverFails) {
  const Counts median = judge_many({}, 0, 1.10);
  EXPECT_GE(median.pass, at_least(0.90));
  EXPECT_LE(median.fail, at_most(0.01));
  const Counts tail = judge_many({}, 1, 1.25);
  EXPECT_GE(tail.pass, at_least(0.80));
  EXPECT_LE(tail.fail, at_most(0.01));
}

TEST(RatioSimulation, AServiceExactlyAtTheLimitIsRarelyJudgedEitherWay) {
  const Counts median = judge_many({.slowdown = 1.10}, 0, 1.10);
  EXPECT_LE(median.pass, at_most(0.075));
  EXPECT_LE(median.fail, at_most(0.075));
  const Counts tail = judge_many({.slowdown = 1.10}, 1, 1.10);
  EXPECT_LE(tail.pass, at_most(0.075));
  EXPECT_LE(tail.fail, at_most(0.075));
}

TEST(RatioSimulation, TwentyPercentSlowerFailsATenPercentLimit) {
  const Counts median = judge_many({.slowdown = 1.20}, 0, 1.10);
  EXPECT_EQ(median.pass, 0);
  EXPECT_GE(median.fail, at_least(0.85));
}

TEST(RatioSimulation, FiftyPercentSlowerAlwaysFails) {
  for (const std::size_t quantile : {0u, 1u}) {
    const Counts counts = judge_many({.slowdown = 1.50}, quantile, 1.10);
    EXPECT_EQ(counts.pass, 0);
    EXPECT_GE(counts.fail, at_least(0.99));
  }
}

TEST(RatioSimulation, ASlowTailFailsAtItsPercentileAndNotAtTheMedian) {
  const Service slow_tail{.tail_slowdown = 1.5};
  EXPECT_GE(judge_many(slow_tail, 1, 1.10).fail, at_least(0.95));
  EXPECT_LE(judge_many(slow_tail, 0, 1.10).fail, at_most(0.01));
}

TEST(RatioSimulation, StallsOfTheMachineMakeItInconclusiveInsteadOfFailed) {
  const Counts counts = judge_many({.stalls = 0.05}, 1, 1.10);
  EXPECT_LE(counts.fail, at_most(0.02));
  const Counts slower = judge_many({.slowdown = 1.30, .stalls = 0.05}, 1, 1.10);
  EXPECT_LE(slower.pass, at_most(0.01));
}

}  // namespace
}  // namespace sluice::measure
