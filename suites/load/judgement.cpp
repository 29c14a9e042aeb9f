#include "suites/load/judgement.hpp"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "harness/core/milliseconds.hpp"
#include "harness/measure/arrival.hpp"
#include "harness/measure/proportion.hpp"
#include "harness/measure/quantile.hpp"
#include "harness/measure/sequential.hpp"

namespace sluice::load {
namespace {

using measure::RatioVerdict;

constexpr double least_sent_share = 0.99;
constexpr std::size_t least_same_side_pairs = 4;
// A failed request weighs like one that took ten time-outs: clearly above every answer, and finite.
constexpr double failed_timeouts = 10;
constexpr double scheduler_crossings = 10;  // see QuantileJudgement::fails

/// One-sided levels of one look: for PASS, and for the k-th step of Holm's test over `hypotheses`.
struct Levels {
  double pass = 0;
  std::vector<double> fail;
};

Levels levels_at(const Rules& rules, std::size_t look) {
  const double alpha = 1 - rules.confidence;
  const std::size_t hypotheses = rules.limits.size() + 1;  // the percentiles, and the errors
  Levels levels{measure::obrien_fleming_levels(alpha, looks)[look], {}};
  for (std::size_t fallen = 0; fallen < hypotheses; ++fallen) {
    const double share = alpha / static_cast<double>(hypotheses - fallen);
    levels.fail.push_back(measure::obrien_fleming_levels(share, looks)[look]);
  }
  return levels;
}

std::vector<measure::LogRatio> estimate(std::span<const PairRecord> pairs, Series series, const Rules& rules) {
  std::vector<measure::BlockPair> blocks;
  std::size_t samples = 1;
  for (const PairRecord& pair : pairs) {
    blocks.push_back({pair.old_side.*series, pair.new_side.*series});
    samples += blocks.back().old_side.size() + blocks.back().new_side.size();
  }
  std::vector<double> wanted;
  for (const Limit& limit : rules.limits) wanted.push_back(limit.q);
  measure::BootstrapOptions options;
  options.seed = rules.seed;
  options.resamples = std::clamp<std::size_t>(200'000'000 / samples, 200, 1000);
  options.failed_as = failed_timeouts * milliseconds(rules.timeout);
  return measure::bootstrap_log_ratios(blocks, wanted, options);
}

ErrorJudgement judge_errors(std::span<const PairRecord> pairs, const Rules& rules, const Levels& levels,
                            double& p_above) {
  ErrorJudgement errors;
  std::vector<measure::BlockCount> blocks;
  for (const PairRecord& pair : pairs) {
    errors.failed_old += pair.old_side.failed;
    errors.trials_old += pair.old_side.scheduled();
    errors.failed_new += pair.new_side.failed;
    errors.trials_new += pair.new_side.scheduled();
    blocks.push_back({pair.new_side.failed, pair.new_side.scheduled()});
  }
  errors.clustering = measure::design_effect(blocks);
  const double events = static_cast<double>(errors.failed_new) / errors.clustering;
  const double trials = static_cast<double>(errors.trials_new) / errors.clustering;
  errors.lower = measure::proportion_lower_bound(events, trials, levels.fail.front());
  errors.upper = measure::proportion_upper_bound(events, trials, levels.pass);
  p_above = trials > 0 ? measure::chance_of_at_least(events, trials, rules.errors_max) : 1;
  if (errors.upper < rules.errors_max) errors.verdict = RatioVerdict::pass;
  return errors;
}

/// Whether the data can say anything at this percentile: enough requests, and an old side that answers.
bool can_fail(const measure::LogRatio& estimate, std::uint64_t needed) {
  return std::min(estimate.samples_old, estimate.samples_new) >= needed && std::isfinite(estimate.old_value);
}

void judge_quantiles(std::span<const PairRecord> pairs, const Rules& rules, const Levels& levels,
                     Judgement& judgement) {
  const auto estimates = estimate(pairs, &BlockRecord::latency_ms, rules);
  const auto unlagged = estimate(pairs, &BlockRecord::unlagged_ms, rules);
  const auto lag = pooled(pairs, &BlockRecord::lag_ms, true, true);
  std::vector<double> p_values;
  for (std::size_t i = 0; i < rules.limits.size(); ++i) {
    const Limit& limit = rules.limits[i];
    QuantileJudgement judged{.limit = limit, .estimate = estimates[i]};
    judged.samples_needed = measure::samples_needed_for_quantile(limit.q, rules.confidence);
    const bool enough = can_fail(estimates[i], judged.samples_needed);
    judged.verdict = measure::judge_ratio(estimates[i], limit.ratio, levels.pass, 0);
    judged.unlagged_verdict = measure::judge_ratio(unlagged[i], limit.ratio, levels.pass, levels.fail.back());
    if (!enough) judged.verdict = RatioVerdict::inconclusive;
    judged.interval = measure::ratio_interval(estimates[i], levels.pass);
    judged.interval_confidence = 1 - 2 * levels.pass;
    judged.detectable = measure::detectable_ratio(estimates[i], limit.ratio, levels.fail.front());
    judged.lag_ms = lag.empty() ? 0 : measure::quantile(lag, limit.q);
    judged.lag_allowed_ms = rules.lag_share * (limit.ratio - 1) * estimates[i].old_value;
    p_values.push_back(enough ? measure::p_above(estimates[i], limit.ratio) : 1);
    judgement.quantiles.push_back(judged);
  }
  double p_errors = 1;
  judgement.errors = judge_errors(pairs, rules, levels, p_errors);
  p_values.push_back(p_errors);
  const auto fallen = measure::holm(p_values, levels.fail);
  for (std::size_t i = 0; i < rules.limits.size(); ++i) {
    if (fallen[i]) judgement.quantiles[i].verdict = RatioVerdict::fail;
  }
  if (fallen.back()) judgement.errors.verdict = RatioVerdict::fail;
}

bool same_side_holds(std::span<const PairRecord> pairs, const Rules& rules) {
  const Recording same = same_side_pairs(pairs, rules.seed);
  Judgement judgement;
  judge_quantiles(same, rules, levels_at(rules, last_look), judgement);
  return std::none_of(judgement.quantiles.begin(), judgement.quantiles.end(),
                      [](const auto& judged) { return judged.verdict == RatioVerdict::fail; });
}

/// Doubts about the old side or the generator that leave nothing to conclude.
std::string doubt_about_measurement(std::span<const PairRecord> pairs, const Rules& rules, const Judgement& judgement) {
  std::uint64_t scheduled = 0;
  std::uint64_t sent = 0;
  for (const PairRecord& pair : pairs) {
    scheduled += pair.old_side.scheduled();
    sent += pair.old_side.sent;
  }
  if (scheduled == 0) return "no request was scheduled";
  if (judgement.errors.share_old() > rules.errors_max) {
    return fmt::format("the old side itself failed {} of {} requests: there is no baseline",
                       judgement.errors.failed_old, judgement.errors.trials_old);
  }
  if (static_cast<double>(sent) < least_sent_share * static_cast<double>(scheduled)) {
    return fmt::format("only {} of {} requests to the old side could be sent: lower the rate or raise connections",
                       sent, scheduled);
  }
  return {};
}

std::string latency(double value) { return std::isfinite(value) ? fmt::format("{:.2f} ms", value) : "no good answer"; }

std::string ratio(double value) { return value < 1000 ? fmt::format("{:.3f}", value) : "unbounded"; }

std::string describe(const QuantileJudgement& judged) {
  const auto& estimate = judged.estimate;
  return fmt::format("{} {} -> {}, ratio {} in [{}, {}], limit {:g}", judged.limit.name, latency(estimate.old_value),
                     latency(estimate.new_value), ratio(std::exp(estimate.log_ratio)), ratio(judged.interval.low),
                     ratio(judged.interval.high), judged.limit.ratio);
}

std::string lag_text(const QuantileJudgement& judged, const Rules& rules) {
  return fmt::format(
      "the load generator itself was {:.2f} ms late at {}, more than {:g}% of the allowed margin, {:.2f} ms",
      judged.lag_ms, judged.limit.name, rules.lag_share * 100, judged.lag_allowed_ms);
}

/// Why a percentile that is not FAIL is no PASS either; empty when it passes.
std::string doubt_about(const QuantileJudgement& judged, const Rules& rules) {
  const std::uint64_t samples = std::min(judged.estimate.samples_old, judged.estimate.samples_new);
  if (samples < judged.samples_needed) {
    return fmt::format("{} needs {} requests a side and has {}", judged.limit.name, judged.samples_needed, samples);
  }
  if (judged.verdict == RatioVerdict::fail && judged.unlagged_verdict == RatioVerdict::fail) {
    return fmt::format("{}: but {}: this machine is too busy to lay that at the service's door", describe(judged),
                       lag_text(judged, rules));
  }
  if (judged.verdict != judged.unlagged_verdict) {
    return fmt::format(
        "{}: with the load generator's own lag taken out the verdict is another, so the machine decides "
        "it and not the services",
        describe(judged));
  }
  if (judged.verdict != RatioVerdict::pass) return describe(judged) + ": the interval holds the limit";
  if (judged.lag_ms > judged.lag_allowed_ms) {
    return lag_text(judged, rules) + ": lag on both sides hides a regression";
  }
  if (rules.detect && judged.detectable > *rules.detect) {
    return fmt::format(
        "{}: only a regression of {} times or more would have been detected here, and {:g} times is asked for",
        judged.limit.name, ratio(judged.detectable), *rules.detect);
  }
  return {};
}

std::string errors_text(const ErrorJudgement& errors, const Rules& rules) {
  return fmt::format(
      "{} of {} requests to the new side failed ({:.3g}%, at least {:.3g}%, at most {:.3g}%; allowed "
      "{:.3g}%)",
      errors.failed_new, errors.trials_new, 100 * errors.share_new(), 100 * errors.lower, 100 * errors.upper,
      100 * rules.errors_max);
}

/// What fails: percentiles, and the error share. A dead service
/// leaves few pairs, so the error share needs no minimum of them.
std::vector<std::string> failures(const Judgement& judgement, const Rules& rules, bool enough_pairs) {
  std::vector<std::string> texts;
  for (const QuantileJudgement& judged : judgement.quantiles) {
    if (judged.fails() && enough_pairs) texts.push_back(describe(judged));
  }
  if (judgement.errors.verdict == RatioVerdict::fail) texts.push_back(errors_text(judgement.errors, rules));
  return texts;
}

std::vector<std::string> doubts(std::span<const PairRecord> pairs, const Rules& rules, const Judgement& judgement) {
  std::vector<std::string> all;
  if (pairs.size() < rules.pairs_min) {
    all.push_back(
        fmt::format("{} block pairs were measured and {} are needed: raise the budget", pairs.size(), rules.pairs_min));
  }
  for (const QuantileJudgement& judged : judgement.quantiles) {
    if (auto doubt = doubt_about(judged, rules); !doubt.empty()) all.push_back(std::move(doubt));
  }
  if (judgement.errors.verdict != RatioVerdict::pass) all.push_back(errors_text(judgement.errors, rules));
  return all;
}

}  // namespace

bool QuantileJudgement::fails() const {
  if (verdict != RatioVerdict::fail || unlagged_verdict != RatioVerdict::fail) return false;
  return lag_ms <= lag_allowed_ms || scheduler_crossings * lag_ms <= estimate.new_value - estimate.old_value;
}

Judgement judge(std::span<const PairRecord> pairs, const Rules& rules, std::size_t look) {
  Judgement judgement;
  judgement.look = look;
  judge_quantiles(pairs, rules, levels_at(rules, look), judgement);
  if (auto doubt = doubt_about_measurement(pairs, rules, judgement); !doubt.empty()) {
    judgement.reason = std::move(doubt);
    return judgement;
  }
  if (pairs.size() / 2 >= least_same_side_pairs) judgement.same_side_holds = same_side_holds(pairs, rules);
  const bool errors_failed = judgement.errors.verdict == RatioVerdict::fail;
  if (judgement.same_side_holds == false && !errors_failed) {
    judgement.reason =
        "blocks of the old side, compared with each other, differ by more than the limit: this machine is "
        "too noisy at this moment";
    return judgement;
  }
  std::vector<std::string> reasons = failures(judgement, rules, pairs.size() >= rules.pairs_min);
  if (!reasons.empty()) {
    judgement.verdict = Verdict::failed;
  } else if (reasons = doubts(pairs, rules, judgement); reasons.empty()) {
    judgement.verdict = Verdict::passed;
    for (const QuantileJudgement& judged : judgement.quantiles) reasons.push_back(describe(judged));
  }
  judgement.reason = fmt::format("{}", fmt::join(reasons, "; "));
  return judgement;
}

Recording same_side_pairs(std::span<const PairRecord> pairs, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Recording same;
  for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
    const bool swapped = measure::random_index(random, 2) == 1;
    same.push_back({pairs[i + (swapped ? 1 : 0)].old_side, pairs[i + (swapped ? 0 : 1)].old_side, !swapped});
  }
  return same;
}

std::uint64_t samples_needed_for_errors(const Rules& rules) {
  return measure::trials_needed_for_share(rules.errors_max, levels_at(rules, last_look).pass);
}

}  // namespace sluice::load
