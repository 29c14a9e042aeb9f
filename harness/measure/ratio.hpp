#pragma once
#include <cstdint>
#include <span>
#include <vector>

// Is the new side slower than the old one by more than a limit? Non-inferiority of a quantile's ratio, from pairs of
// blocks of time that were measured one right after the other.
namespace sluice::measure {

/// The latencies of one block of the old side and one of the new side, in any one unit; +infinity for a request that
/// got no good answer.
struct BlockPair {
  std::vector<double> old_side;
  std::vector<double> new_side;
};

struct BootstrapOptions {
  std::size_t resamples = 600;
  std::uint64_t seed = 1;
  /// What a failed request counts as where a logarithm is needed: finite, above every real latency.
  double failed_as = 1e9;
};

/// log(q_new / q_old) of one quantile, and how sure it is.
struct LogRatio {
  double q = 0.5;
  double old_value = 0;  ///< may be +infinity
  double new_value = 0;
  double log_ratio = 0;       ///< with failed requests counted as `failed_as`
  double standard_error = 0;  ///< +infinity when it cannot be known (fewer than two pairs, an empty side)
  double degrees = 1;         ///< of Student's distribution: independent runs of pairs, less one
  std::uint64_t samples_old = 0;
  std::uint64_t samples_new = 0;
};

/// Length of the runs of pairs that are resampled together: n^(1/3), rounded down, the order that minimises the error
/// of a block bootstrap's variance (Hall, Horowitz and Jing, 1995). Drift that lasts longer than one pair is kept in
/// it.
std::size_t bootstrap_run_length(std::size_t pairs);

/// Pools the raw samples of all pairs and resamples *pairs*, in circular runs (Politis and Romano, 1992): requests of
/// the same second share their noise and are not independent. The standard error is widened for the few runs there are.
/// One estimate for each of `quantiles` (ascending). Cost: resamples x samples.
std::vector<LogRatio> bootstrap_log_ratios(std::span<const BlockPair> pairs, std::span<const double> quantiles,
                                           const BootstrapOptions& options);

/// The chance of data as extreme as these if the true ratio were exactly `limit`: small for `p_above` speaks for a
/// ratio above it, small for `p_below` for one below. 1 when the standard error is unknown.
double p_above(const LogRatio& estimate, double limit);
double p_below(const LogRatio& estimate, double limit);

enum class RatioVerdict { pass, fail, inconclusive };

/// PASS: surely below the limit, at `pass_level`; FAIL: surely above it, at `fail_level`.
RatioVerdict judge_ratio(const LogRatio& estimate, double limit, double pass_level, double fail_level);

struct RatioInterval {
  double low = 0;
  double high = 0;
};
/// The ratios that neither one-sided test at `level` excludes; confidence 1 - 2 level.
RatioInterval ratio_interval(const LogRatio& estimate, double level);

/// The smallest true ratio that data of this precision would FAIL, with the given power: limit x exp((t_level +
/// t_power) x standard error). +infinity when the standard error is unknown.
double detectable_ratio(const LogRatio& estimate, double limit, double fail_level, double power = 0.8);

}  // namespace sluice::measure
