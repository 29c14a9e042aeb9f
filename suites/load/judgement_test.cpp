#include "suites/load/judgement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace sluice::load {
namespace {

using measure::RatioVerdict;
using ::testing::HasSubstr;

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A quiet service of 40 ms, and the same times `slowdown`.
BlockRecord block(std::mt19937_64& random, std::size_t requests, double slowdown) {
  std::normal_distribution<double> noise(0, 1);
  BlockRecord record;
  for (std::size_t i = 0; i < requests; ++i) {
    record.unlagged_ms.push_back(40 * slowdown * std::exp(0.05 * noise(random)));
    record.lag_ms.push_back(0.05);
    record.latency_ms.push_back(record.unlagged_ms.back() + record.lag_ms.back());
    record.queued_ms.push_back(0);
  }
  record.sent = requests;
  return record;
}

Recording quiet(std::size_t pairs, double slowdown, std::uint64_t seed = 5, std::size_t requests = 80) {
  std::mt19937_64 random(seed);
  Recording recording;
  for (std::size_t i = 0; i < pairs; ++i) {
    recording.push_back({block(random, requests, 1), block(random, requests, slowdown), i % 2 == 0});
  }
  return recording;
}

Rules usual_rules() { return {.limits = {{"p50", 0.50, 1.10}, {"p99", 0.99, 1.25}}, .errors_max = 0.01}; }

void fail_requests(BlockRecord& record, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) record.latency_ms[i] = record.unlagged_ms[i] = infinity;
  record.failed += count;
}

TEST(LatencyJudgement, PassesTheSameServiceTwice) {
  const Judgement judgement = judge(quiet(20, 1.0), usual_rules(), last_look);
  EXPECT_EQ(judgement.verdict, Verdict::passed) << judgement.reason;
  EXPECT_EQ(judgement.same_side_holds, true);
  for (const auto& judged : judgement.quantiles) {
    EXPECT_GT(judged.detectable, judged.limit.ratio);
    EXPECT_LT(judged.interval.high, judged.limit.ratio);
  }
}

TEST(LatencyJudgement, FailsAtThePercentileThatIsSlower) {
  const Judgement judgement = judge(quiet(20, 1.2), usual_rules(), last_look);
  EXPECT_EQ(judgement.verdict, Verdict::failed);
  EXPECT_EQ(judgement.quantiles[0].verdict, RatioVerdict::fail);
  EXPECT_NE(judgement.quantiles[1].verdict, RatioVerdict::fail);
  EXPECT_THAT(judgement.reason, HasSubstr("p50"));
}

TEST(LatencyJudgement, ConcludesNothingFromNothing) {
  const Judgement judgement = judge({}, usual_rules(), last_look);
  EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
  EXPECT_EQ(judgement.reason, "no request was scheduled");
}

TEST(LatencyJudgement, NeedsItsPairsAndItsRequests) {
  EXPECT_EQ(judge(quiet(11, 1.2), usual_rules(), last_look).verdict, Verdict::inconclusive);
  const Judgement few = judge(quiet(12, 1.0, 5, 20), usual_rules(), last_look);
  EXPECT_EQ(few.verdict, Verdict::inconclusive);
  EXPECT_THAT(few.reason, HasSubstr("p99 needs 299 requests a side and has 240"));
}

TEST(LatencyJudgement, FailsAnErrorShareAboutWhichThereIsNoDoubt) {
  Recording recording = quiet(20, 1.0);
  for (PairRecord& pair : recording) fail_requests(pair.new_side, 4);
  const Judgement judgement = judge(recording, usual_rules(), last_look);
  EXPECT_EQ(judgement.verdict, Verdict::failed);
  EXPECT_EQ(judgement.errors.verdict, RatioVerdict::fail);
  EXPECT_THAT(judgement.reason, HasSubstr("80 of 1600 requests to the new side failed (5%"));
}

TEST(LatencyJudgement, IsNotSureOfAFewErrors) {
  Recording recording = quiet(20, 1.0);
  for (std::size_t i = 0; i < 14; ++i) fail_requests(recording[i].new_side, 1);
  EXPECT_EQ(judge(recording, usual_rules(), last_look).verdict, Verdict::inconclusive);
}

TEST(LatencyJudgement, FailsADeadNewSideAlsoAfterAFewBlocks) {
  Recording recording = quiet(3, 1.0);
  for (PairRecord& pair : recording) fail_requests(pair.new_side, 80);
  EXPECT_EQ(judge(recording, usual_rules(), last_look).verdict, Verdict::failed);
}

TEST(LatencyJudgement, HasNoBaselineWhenTheOldSideFails) {
  Recording recording = quiet(20, 1.0);
  for (PairRecord& pair : recording) {
    fail_requests(pair.old_side, 4);
    fail_requests(pair.new_side, 8);
  }
  const Judgement judgement = judge(recording, usual_rules(), last_look);
  EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
  EXPECT_THAT(judgement.reason, HasSubstr("no baseline"));
}

TEST(LatencyJudgement, DoesNotPassWhenMostOfTheLoadWasNotSent) {
  Recording recording = quiet(20, 1.0);
  for (PairRecord& pair : recording) pair.old_side.sent = 70;
  EXPECT_EQ(judge(recording, usual_rules(), last_look).verdict, Verdict::inconclusive);
}

TEST(LatencyJudgement, DoesNotPassWhenTheGeneratorItselfWasLate) {
  Recording recording = quiet(20, 1.0);
  for (PairRecord& pair : recording) {
    for (double& lag : pair.new_side.lag_ms) lag = 8;
  }
  const Judgement judgement = judge(recording, usual_rules(), last_look);
  EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
  EXPECT_THAT(judgement.reason, HasSubstr("the load generator itself was 8.00 ms late at p99"));
}

TEST(LatencyJudgement, DoesNotFailForTheGeneratorsOwnLateness) {
  Recording recording = quiet(20, 1.0);
  for (PairRecord& pair : recording) {
    for (std::size_t i = 0; i < pair.new_side.latency_ms.size(); ++i) {
      pair.new_side.lag_ms[i] = 20;
      pair.new_side.latency_ms[i] = pair.new_side.unlagged_ms[i] + 20;
    }
  }
  const Judgement judgement = judge(recording, usual_rules(), last_look);
  EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
  EXPECT_THAT(judgement.reason, HasSubstr("own lag taken out"));
}

// The same tail: with a lag of that size a busy machine explains it, with a small one only the service does.
TEST(LatencyJudgement, FailsATailOnlyWhenTheMachineWasNotTooBusy) {
  for (const double lag : {0.1, 6.0}) {
    Recording recording = quiet(20, 1.0);
    for (PairRecord& pair : recording) {
      for (std::size_t i = 0; i < 4; ++i) pair.new_side.unlagged_ms[i] *= 1.6;
      for (BlockRecord* block : {&pair.old_side, &pair.new_side}) {
        for (std::size_t i = 0; i < 8; ++i) block->lag_ms[i] = lag;
        for (std::size_t i = 0; i < block->latency_ms.size(); ++i) {
          block->latency_ms[i] = block->unlagged_ms[i] + block->lag_ms[i];
        }
      }
    }
    const Judgement judgement = judge(recording, usual_rules(), last_look);
    EXPECT_EQ(judgement.verdict, lag < 1 ? Verdict::failed : Verdict::inconclusive) << judgement.reason;
    if (lag > 1) {
      EXPECT_THAT(judgement.reason, HasSubstr("too busy"));
    }
  }
}

TEST(LatencyJudgement, WithholdsAPassThatCouldNotHaveSeenWhatIsAskedFor) {
  Rules rules = usual_rules();
  rules.detect = 1.26;
  const Judgement judgement = judge(quiet(20, 1.0), rules, last_look);
  EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
  EXPECT_THAT(judgement.reason, HasSubstr("1.26 times is asked for"));
  rules.detect = 2;
  EXPECT_EQ(judge(quiet(20, 1.0), rules, last_look).verdict, Verdict::passed);
}

TEST(LatencyJudgement, TakesBlocksOfOneSideThatDifferForNoise) {
  Recording recording = quiet(20, 1.0);
  const Recording same = same_side_pairs(recording, usual_rules().seed);
  ASSERT_EQ(same.size(), 10u);
  // Slows exactly those old blocks that the same-side comparison takes for the new side.
  std::vector<bool> swapped;
  for (const PairRecord& pair : same) swapped.push_back(!pair.old_first);
  for (std::size_t i = 0; i < recording.size(); ++i) {
    const bool plays_new = (i % 2 == 1) != swapped[i / 2];
    if (!plays_new) continue;
    for (double& latency : recording[i].old_side.latency_ms) latency *= 1.5;
    for (double& latency : recording[i].old_side.unlagged_ms) latency *= 1.5;
  }
  const Judgement judgement = judge(recording, usual_rules(), last_look);
  EXPECT_EQ(judgement.same_side_holds, false);
  EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
}

TEST(LatencyJudgement, NeverFailsNoChangeInManyQuietRuns) {
  Rules rules = usual_rules();
  int passes = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    rules.seed = seed;
    const Judgement judgement = judge(quiet(14, 1.0, seed), rules, 2);
    EXPECT_NE(judgement.verdict, Verdict::failed) << judgement.reason;
    passes += judgement.verdict == Verdict::passed;
  }
  EXPECT_GE(passes, 55);
}

TEST(LatencyJudgement, SaysHowManyRequestsTheErrorRuleNeeds) {
  Rules rules = usual_rules();
  rules.errors_max = 0.001;
  EXPECT_GE(samples_needed_for_errors(rules), 2995u);
}

}  // namespace
}  // namespace sluice::load
