#include "suites/load/compare_report.hpp"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <map>

#include "harness/core/errors.hpp"
#include "harness/measure/histogram.hpp"
#include "harness/measure/quantile.hpp"

namespace sluice::load {
namespace {

using measure::RatioVerdict;

constexpr std::size_t most_rows = 20'000;
constexpr double detectable_most = 10;  // beyond it the figure means nothing but "too noisy"

double pooled_quantile(std::span<const PairRecord> pairs, Series series, bool of_old, bool of_new, double q) {
  const auto all = pooled(pairs, series, of_old, of_new);
  return all.empty() ? 0 : measure::quantile(all, q);
}

/// Reports hold no infinity: a percentile that nobody answered has no number, and the finding says so.
void add_finite(std::vector<Metric>& metrics, Metric metric) {
  if (std::isfinite(metric.value)) metrics.push_back(std::move(metric));
}

void add_quantile(std::vector<Metric>& metrics, const QuantileJudgement& judged) {
  const auto& estimate = judged.estimate;
  const std::string& name = judged.limit.name;
  add_finite(
      metrics,
      {.name = "latency_old_ms_" + name, .value = estimate.old_value, .unit = "ms", .samples = estimate.samples_old});
  add_finite(
      metrics,
      {.name = "latency_new_ms_" + name, .value = estimate.new_value, .unit = "ms", .samples = estimate.samples_new});
  Metric ratio{.name = name + "_ratio",
               .value = std::exp(estimate.log_ratio),
               .unit = "ratio",
               .limit = judged.limit.ratio,
               .samples = estimate.samples_old + estimate.samples_new};
  if (std::isfinite(judged.interval.high)) {
    ratio.interval = Interval{judged.interval.low, judged.interval.high, judged.interval_confidence};
  }
  add_finite(metrics, ratio);
  add_finite(metrics, {.name = name + "_detectable_regression_percent",
                       .value = 100 * (judged.detectable - 1),
                       .unit = "%",
                       .samples = estimate.samples_new});
  metrics.push_back({.name = "lag_ms_" + name,
                     .value = judged.lag_ms,
                     .unit = "ms",
                     .limit = judged.lag_allowed_ms,
                     .samples = estimate.samples_old + estimate.samples_new});
  if (!std::isfinite(judged.lag_allowed_ms)) metrics.back().limit.reset();
}

struct Throughput {
  double seconds = 0;
  double sent = 0;
  double scheduled = 0;
};

Throughput throughput(std::span<const PairRecord> pairs) {
  Throughput total;
  for (const PairRecord& pair : pairs) {
    for (const BlockRecord* block : {&pair.old_side, &pair.new_side}) {
      total.seconds += std::chrono::duration<double>(block->busy).count();
      total.sent += static_cast<double>(block->sent);
      total.scheduled += static_cast<double>(block->scheduled());
    }
  }
  return total;
}

Finding errors_finding(const ErrorJudgement& errors, std::span<const PairRecord> pairs, const Rules& rules,
                       const Workload& workload) {
  std::map<std::string, std::uint64_t> causes;
  std::map<std::uint32_t, std::uint64_t> steps;
  for (const PairRecord& pair : pairs) {
    for (const auto& [cause, count] : pair.new_side.failures) causes[cause] += count;
    for (const auto& [step, count] : pair.new_side.failed_steps) steps[step] += count;
  }
  std::vector<std::string> texts;
  for (const auto& [cause, count] : causes) {
    if (texts.size() < 6) texts.push_back(fmt::format("{} x {}", count, cause));
  }
  Finding finding{.rule = "errors-regressed"};
  finding.summary = fmt::format(
      "{:.3g}% of {} requests to the new side got no good answer, at least {:.3g}% beyond doubt; "
      "{:.3g}% are allowed",
      100 * errors.share_new(), errors.trials_new, 100 * errors.lower, 100 * rules.errors_max);
  const auto worst =
      std::max_element(steps.begin(), steps.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (worst != steps.end()) finding.where.emplace_back("step", workload.step_name(worst->first));
  finding.where.emplace_back("causes", fmt::format("{}", fmt::join(texts, ", ")));
  finding.old_value = fmt::format("{} of {} failed", errors.failed_old, errors.trials_old);
  finding.new_value = fmt::format("{} of {} failed", errors.failed_new, errors.trials_new);
  finding.occurrences = errors.failed_new;
  return finding;
}

std::string latency_text(double value) {
  return std::isfinite(value) ? fmt::format("{:.2f} ms", value) : "no good answer";
}

Finding latency_finding(const QuantileJudgement& judged) {
  const auto& estimate = judged.estimate;
  Finding finding{.rule = "latency-regressed"};
  const std::string unknown = std::isfinite(estimate.new_value) ? "" : "at least ";
  finding.summary = fmt::format(
      "{} is {}{:.2f} times the old side's (interval {:.2f} to {:.2f} at {:.1f}%); {:.2f} is "
      "allowed",
      judged.limit.name, unknown, std::exp(estimate.log_ratio), judged.interval.low, judged.interval.high,
      100 * judged.interval_confidence, judged.limit.ratio);
  finding.where = {{"percentile", judged.limit.name}};
  finding.old_value = latency_text(estimate.old_value);
  finding.new_value = latency_text(estimate.new_value);
  return finding;
}

void write_block(std::ofstream& file, std::size_t pair, const char* side, bool first, const BlockRecord& block) {
  std::vector<double> sorted = block.latency_ms;
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> lag = block.lag_ms;
  std::sort(lag.begin(), lag.end());
  const auto cell = [](const std::vector<double>& values, double q) {
    const double value = values.empty() ? 0 : measure::quantile(values, q);
    return std::isfinite(value) ? fmt::format("{:.3f}", value) : std::string("failed");
  };
  file << fmt::format("{},{},{},{:.3f},{},{},{},{},{},{},{},{},{}\n", pair + 1, side, first ? "first" : "second",
                      std::chrono::duration<double>(block.started).count(), block.scheduled(), block.sent, block.failed,
                      cell(sorted, 0.5), cell(sorted, 0.95), cell(sorted, 0.99), cell(sorted, 1), cell(lag, 0.5),
                      cell(lag, 0.99));
}

std::ofstream open_file(const std::filesystem::path& path) {
  std::ofstream file(path);
  if (!file) throw EnvironmentError(fmt::format("cannot write {}", path.string()));
  return file;
}

void write_histogram(std::ofstream& file, const char* side, std::span<const double> latencies) {
  measure::LogHistogram histogram(0.01, 600'000, 0.02);
  for (const double latency : latencies) histogram.record(latency);
  for (const auto& bucket : histogram.buckets()) {
    file << fmt::format("{},{:.4f},{:.4f},{}\n", side, bucket.low, bucket.high, bucket.count);
  }
  if (histogram.infinite() > 0) file << fmt::format("{},failed,failed,{}\n", side, histogram.infinite());
}

}  // namespace

std::vector<Metric> metrics_of(const Judgement& judgement, std::span<const PairRecord> pairs, const Rules& rules) {
  std::vector<Metric> metrics;
  for (const QuantileJudgement& judged : judgement.quantiles) add_quantile(metrics, judged);
  const ErrorJudgement& errors = judgement.errors;
  metrics.push_back({.name = "errors_new_share",
                     .value = errors.share_new(),
                     .unit = "share",
                     .interval = Interval{errors.lower, errors.upper, rules.confidence},
                     .limit = rules.errors_max,
                     .samples = errors.trials_new});
  metrics.push_back(
      {.name = "errors_old_share", .value = errors.share_old(), .unit = "share", .samples = errors.trials_old});
  const Throughput total = throughput(pairs);
  const auto requests = static_cast<std::uint64_t>(total.scheduled);
  for (const auto& [name, q] : {std::pair{"lag_ms_p50", 0.5}, std::pair{"lag_ms_p99", 0.99}}) {
    const bool known = std::any_of(metrics.begin(), metrics.end(), [&](const Metric& m) { return m.name == name; });
    if (known) continue;
    metrics.push_back({.name = name,
                       .value = pooled_quantile(pairs, &BlockRecord::lag_ms, true, true, q),
                       .unit = "ms",
                       .samples = requests});
  }
  metrics.push_back({.name = "queued_old_ms_p99",
                     .value = pooled_quantile(pairs, &BlockRecord::queued_ms, true, false, 0.99),
                     .unit = "ms",
                     .samples = errors.trials_old});
  metrics.push_back({.name = "queued_new_ms_p99",
                     .value = pooled_quantile(pairs, &BlockRecord::queued_ms, false, true, 0.99),
                     .unit = "ms",
                     .samples = errors.trials_new});
  metrics.push_back({.name = "rate_achieved",
                     .value = total.seconds > 0 ? total.sent / total.seconds : 0,
                     .unit = "1/s",
                     .samples = requests});
  metrics.push_back({.name = "sent_share",
                     .value = total.scheduled > 0 ? total.sent / total.scheduled : 0,
                     .unit = "share",
                     .samples = requests});
  metrics.push_back({.name = "pairs", .value = static_cast<double>(pairs.size()), .unit = "pairs"});
  return metrics;
}

std::vector<Finding> findings_of(const Judgement& judgement, std::span<const PairRecord> pairs, const Rules& rules,
                                 const Workload& workload, const std::string& reproduce) {
  std::vector<Finding> findings;
  if (judgement.verdict != Verdict::failed) return findings;
  for (const QuantileJudgement& judged : judgement.quantiles) {
    if (judged.fails()) findings.push_back(latency_finding(judged));
  }
  if (judgement.errors.verdict == RatioVerdict::fail) {
    findings.push_back(errors_finding(judgement.errors, pairs, rules, workload));
  }
  for (Finding& finding : findings) finding.reproduce = reproduce;
  return findings;
}

std::string sensitivity(const Judgement& judgement) {
  std::vector<std::string> parts;
  for (const QuantileJudgement& judged : judgement.quantiles) {
    parts.push_back(judged.detectable < detectable_most
                        ? fmt::format("at least {:.0f}% at {}", 100 * (judged.detectable - 1), judged.limit.name)
                        : fmt::format("none at {}", judged.limit.name));
  }
  return fmt::format("a regression that this run could detect: {}", fmt::join(parts, ", "));
}

std::vector<Artifact> write_artifacts(std::span<const PairRecord> pairs, const std::filesystem::path& folder,
                                      const std::string& check) {
  const auto blocks = folder / (check + "-blocks.csv");
  auto file = open_file(blocks);
  file << "pair,side,order,started_s,scheduled,sent,failed,p50_ms,p95_ms,p99_ms,max_ms,lag_p50_ms,lag_p99_ms\n";
  for (std::size_t i = 0; i < pairs.size() && 2 * i < most_rows; ++i) {
    write_block(file, i, "old", pairs[i].old_first, pairs[i].old_side);
    write_block(file, i, "new", !pairs[i].old_first, pairs[i].new_side);
  }
  const auto histograms = folder / (check + "-latency.csv");
  auto histogram_file = open_file(histograms);
  histogram_file << "side,above_ms,up_to_ms,requests\n";
  write_histogram(histogram_file, "old", pooled(pairs, &BlockRecord::latency_ms, true, false));
  write_histogram(histogram_file, "new", pooled(pairs, &BlockRecord::latency_ms, false, true));
  return {{"latency by block", blocks, "text/csv"}, {"latency histograms", histograms, "text/csv"}};
}

}  // namespace sluice::load
