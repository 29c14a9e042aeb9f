#include "harness/measure/ratio.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <random>

#include "harness/measure/arrival.hpp"
#include "harness/measure/distributions.hpp"
#include "harness/measure/quantile.hpp"

namespace sluice::measure {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double least_latency = 1e-9;  // a logarithm needs more than zero

// All samples of one side, sorted once; a resample is then a weight for each pair, and its quantiles one walk.
class PooledSide {
 public:
  PooledSide(std::span<const BlockPair> pairs, std::vector<double> BlockPair::*side) : counts_(pairs.size()) {
    for (std::size_t pair = 0; pair < pairs.size(); ++pair) {
      counts_[pair] = (pairs[pair].*side).size();
      for (const double value : pairs[pair].*side) samples_.push_back({value, static_cast<std::uint32_t>(pair)});
    }
    std::sort(samples_.begin(), samples_.end(), [](const Sample& a, const Sample& b) { return a.value < b.value; });
  }

  std::size_t size() const { return samples_.size(); }

  /// False when the resample holds no sample of this side.
  bool quantiles(std::span<const std::uint32_t> weights, std::span<const double> wanted,
                 std::span<double> values) const {
    std::uint64_t total = 0;
    for (std::size_t pair = 0; pair < counts_.size(); ++pair) total += weights[pair] * counts_[pair];
    if (total == 0) return false;
    std::uint64_t seen = 0;
    std::size_t next = 0;
    std::uint64_t rank = quantile_rank(total, wanted[0]);
    for (const Sample& sample : samples_) {
      seen += weights[sample.pair];
      while (seen >= rank) {
        values[next] = sample.value;
        if (++next == wanted.size()) return true;
        rank = quantile_rank(total, wanted[next]);
      }
    }
    return false;
  }

 private:
  struct Sample {
    double value;
    std::uint32_t pair;
  };
  std::vector<Sample> samples_;
  std::vector<std::uint64_t> counts_;
};

double log_of(double value, double failed_as) {
  return std::log(std::clamp(value, least_latency, std::max(failed_as, least_latency)));
}

void draw_runs(std::mt19937_64& random, std::size_t run, std::vector<std::uint32_t>& weights) {
  std::fill(weights.begin(), weights.end(), 0u);
  for (std::size_t drawn = 0; drawn < weights.size();) {
    const std::size_t start = random_index(random, weights.size());
    for (std::size_t i = 0; i < run && drawn < weights.size(); ++i, ++drawn) {
      ++weights[(start + i) % weights.size()];
    }
  }
}

// Mean and sum of squared deviations, one value at a time (Welford).
struct Spread {
  double count = 0;
  double mean = 0;
  double squares = 0;
  void add(double value) {
    count += 1;
    const double delta = value - mean;
    mean += delta / count;
    squares += delta * (value - mean);
  }
  double deviation() const { return count < 2 ? infinity : std::sqrt(squares / (count - 1)); }
};

double statistic(double difference, double standard_error) {
  if (standard_error > 0) return difference / standard_error;
  if (difference == 0) return 0;
  return difference > 0 ? infinity : -infinity;
}

}  // namespace

std::size_t bootstrap_run_length(std::size_t pairs) {
  return std::max<std::size_t>(1, static_cast<std::size_t>(std::cbrt(static_cast<double>(pairs)) + 1e-9));
}

std::vector<LogRatio> bootstrap_log_ratios(std::span<const BlockPair> pairs, std::span<const double> quantiles,
                                           const BootstrapOptions& options) {
  const PooledSide old_side(pairs, &BlockPair::old_side);
  const PooledSide new_side(pairs, &BlockPair::new_side);
  std::vector<LogRatio> estimates(quantiles.size());
  std::vector<double> old_values(quantiles.size(), infinity);
  std::vector<double> new_values(quantiles.size(), infinity);
  std::vector<std::uint32_t> weights(pairs.size(), 1);
  const bool known = !quantiles.empty() && old_side.quantiles(weights, quantiles, old_values) &&
                     new_side.quantiles(weights, quantiles, new_values);
  for (std::size_t i = 0; i < quantiles.size(); ++i) {
    estimates[i] = {quantiles[i], old_values[i], new_values[i], 0, infinity, 1, old_side.size(), new_side.size()};
    estimates[i].log_ratio = log_of(new_values[i], options.failed_as) - log_of(old_values[i], options.failed_as);
  }
  const std::size_t run = bootstrap_run_length(pairs.size());
  const double runs = static_cast<double>(pairs.size()) / static_cast<double>(run);
  if (!known || pairs.size() < 2 || runs <= 1) return estimates;

  std::mt19937_64 random(options.seed);
  std::vector<Spread> spreads(quantiles.size());
  for (std::size_t round = 0; round < options.resamples; ++round) {
    draw_runs(random, run, weights);
    if (!old_side.quantiles(weights, quantiles, old_values)) continue;
    if (!new_side.quantiles(weights, quantiles, new_values)) continue;
    for (std::size_t i = 0; i < quantiles.size(); ++i) {
      spreads[i].add(log_of(new_values[i], options.failed_as) - log_of(old_values[i], options.failed_as));
    }
  }
  // A bootstrap from k runs sees only (k-1)/k of the variance, and k runs are k-1 degrees of freedom.
  for (std::size_t i = 0; i < quantiles.size(); ++i) {
    estimates[i].standard_error = spreads[i].deviation() * std::sqrt(runs / (runs - 1));
    estimates[i].degrees = runs - 1;
  }
  return estimates;
}

double p_above(const LogRatio& estimate, double limit) {
  if (std::isinf(estimate.standard_error)) return 1;
  return student_tail(statistic(estimate.log_ratio - std::log(limit), estimate.standard_error), estimate.degrees);
}

double p_below(const LogRatio& estimate, double limit) {
  if (std::isinf(estimate.standard_error)) return 1;
  return student_tail(statistic(std::log(limit) - estimate.log_ratio, estimate.standard_error), estimate.degrees);
}

RatioVerdict judge_ratio(const LogRatio& estimate, double limit, double pass_level, double fail_level) {
  // Failed requests at the quantile on both sides leave nothing to divide.
  if (std::isinf(estimate.old_value)) return RatioVerdict::inconclusive;
  if (std::isfinite(estimate.new_value) && p_below(estimate, limit) < pass_level) return RatioVerdict::pass;
  if (p_above(estimate, limit) < fail_level) return RatioVerdict::fail;
  return RatioVerdict::inconclusive;
}

RatioInterval ratio_interval(const LogRatio& estimate, double level) {
  if (std::isinf(estimate.standard_error)) return {0, infinity};
  const double reach = student_upper_point(level, estimate.degrees) * estimate.standard_error;
  return {std::exp(estimate.log_ratio - reach), std::exp(estimate.log_ratio + reach)};
}

double detectable_ratio(const LogRatio& estimate, double limit, double fail_level, double power) {
  if (std::isinf(estimate.standard_error)) return infinity;
  const double deviations =
      student_upper_point(fail_level, estimate.degrees) + student_upper_point(1 - power, estimate.degrees);
  return limit * std::exp(deviations * estimate.standard_error);
}

}  // namespace sluice::measure
