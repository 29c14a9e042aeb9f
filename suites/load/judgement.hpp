#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/core/verdict.hpp"
#include "harness/measure/ratio.hpp"
#include "suites/load/recording.hpp"

// From recorded blocks to a verdict: pure, so that the check, its control and the tests all judge with the same code.
namespace sluice::load {

/// How much slower the new side may be at one percentile.
struct Limit {
  std::string name;  ///< "p99"
  double q = 0.99;
  double ratio = 1.10;  ///< new/old
};

struct Rules {
  std::vector<Limit> limits;  ///< ascending by q, at least one
  double errors_max = 0.005;
  double confidence = 0.95;
  double lag_share = 0.25;
  std::uint64_t pairs_min = 12;
  std::optional<double> detect = std::nullopt;
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);
  std::uint64_t seed = 1;
};

/// Shares of the budget after which the data are looked at.
inline constexpr std::array<double, 4> looks{0.25, 0.5, 0.75, 1.0};
inline constexpr std::size_t last_look = looks.size() - 1;

struct QuantileJudgement {
  Limit limit;
  measure::LogRatio estimate;
  measure::RatioVerdict verdict = measure::RatioVerdict::inconclusive;
  /// What the same test says of latencies without the generator's lag.
  measure::RatioVerdict unlagged_verdict = measure::RatioVerdict::inconclusive;
  measure::RatioInterval interval;
  double interval_confidence = 0;
  double detectable = 0;  ///< smallest true ratio that this precision would have failed (power 80%)
  double lag_ms = 0;      ///< of the generator, at the same percentile
  double lag_allowed_ms = 0;
  std::uint64_t samples_needed = 0;

  /// FAIL with and without the generator's lag, on a machine that is not too busy for it: either the lag is within what
  /// is allowed, or the excess is more than ten such delays explain (an answer crosses the scheduler several times:
  /// client, service, its workers, its database and back; each crossing may be as late as the generator was).
  bool fails() const;
};

struct ErrorJudgement {
  std::uint64_t failed_old = 0;
  std::uint64_t trials_old = 0;
  std::uint64_t failed_new = 0;
  std::uint64_t trials_new = 0;
  double clustering = 1;  ///< design effect by which the counts of the new side were divided
  double lower = 0;
  double upper = 1;
  measure::RatioVerdict verdict = measure::RatioVerdict::inconclusive;

  double share_old() const { return trials_old == 0 ? 0 : double(failed_old) / double(trials_old); }
  double share_new() const { return trials_new == 0 ? 0 : double(failed_new) / double(trials_new); }
};

struct Judgement {
  Verdict verdict = Verdict::inconclusive;  ///< passed, failed or inconclusive
  std::string reason;
  std::size_t look = last_look;
  std::vector<QuantileJudgement> quantiles;  ///< as Rules::limits
  ErrorJudgement errors;
  /// Old blocks against old blocks must not fail; absent when there were too few to tell.
  std::optional<bool> same_side_holds;
};

/// Judges what was recorded, at one of the looks. PASS needs every percentile and the error share to pass; FAIL needs
/// one of them to fail by Holm's test. Doubts about the measurement itself turn either into inconclusive.
Judgement judge(std::span<const PairRecord> pairs, const Rules& rules, std::size_t look);

/// The old side's own blocks as if every other one were the new side's: what this machine says of no change at all.
Recording same_side_pairs(std::span<const PairRecord> pairs, std::uint64_t seed);

/// Good answers of the new side that the error rule needs, at the last look, when not one fails.
std::uint64_t samples_needed_for_errors(const Rules& rules);

}  // namespace sluice::load
