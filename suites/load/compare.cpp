#include "suites/load/compare.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "harness/core/errors.hpp"
#include "harness/measure/distributions.hpp"
#include "harness/measure/quantile.hpp"
#include "suites/load/compare_report.hpp"
#include "suites/load/judgement.hpp"
#include "suites/load/pair_runner.hpp"
#include "suites/load/settings.hpp"
#include "suites/load/workload.hpp"

namespace sluice::load {
namespace {

// A side that answered nothing in so many blocks running will not: the rest of the budget would only wait.
constexpr std::size_t silent_blocks_max = 3;
// Seven pairs are resampled one by one, which leaves six degrees of freedom; eight would go in runs of two and leave
// three.
constexpr std::size_t control_pairs_min = 7;
constexpr double planted_least = 1.1;  // times the limit: clearly beyond it
constexpr double planted_most = 4;     // times the limit: what a machine this noisy does not show need not be tried

double seconds(std::chrono::nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

bool silent(const BlockRecord& block) { return block.scheduled() > 0 && block.failed == block.scheduled(); }

class Compare final : public Check {
 public:
  explicit Compare(const Parameters& parameters) : parameters_(parameters) {}

  void prepare(CheckContext& context) override;
  void exercise(CheckContext& context) override;
  Outcome judge(CheckContext& context) override;
  Control control(CheckContext& context) override;

 private:
  void measure_until(CheckContext& context, std::chrono::nanoseconds end, bool last);
  bool side_is_silent() const;
  double planted_slowdown(std::size_t pairs) const;
  std::size_t control_pairs() const;

  Parameters parameters_;
  Settings settings_;
  std::optional<Workload> workload_;
  std::unique_ptr<PairRunner> runner_;
  Recording pairs_;
  std::chrono::nanoseconds longest_pair_{0};
  std::optional<Judgement> judgement_;
};

void Compare::prepare(CheckContext& context) {
  settings_ = read_settings(parameters_, context.seed);
  workload_.emplace(context.resolve(parameters_.text("corpus")), scenario::RouteMap::from(parameters_));
  runner_ = std::make_unique<PairRunner>(settings_, *workload_, context.endpoint("old"), context.endpoint("new"),
                                         context.seed, *context.clock);
}

void Compare::exercise(CheckContext& context) {
  if (workload_->empty()) return;
  runner_->connect(context.cancelled);
  runner_->warm_up(settings_.warmup, context.cancelled);
  runner_->start_counting();
  for (std::size_t look = 0; look < looks.size(); ++look) {
    const bool last = look == last_look;
    const auto end = std::chrono::duration_cast<std::chrono::nanoseconds>(settings_.budget * looks[look]);
    measure_until(context, end, last);
    const bool silent_side = side_is_silent();
    if (pairs_.size() < settings_.rules.pairs_min && !last && !silent_side) continue;
    judgement_ = load::judge(pairs_, settings_.rules, silent_side ? last_look : look);
    if (judgement_->verdict != Verdict::inconclusive || silent_side) return;
  }
}

void Compare::measure_until(CheckContext& context, std::chrono::nanoseconds end, bool last) {
  while (!side_is_silent()) {
    const auto started = runner_->elapsed();
    // The last look must not wait for a pair that ends beyond the budget; the others may come a little late.
    if (started + (last ? longest_pair_ : std::chrono::nanoseconds(0)) >= end) return;
    pairs_.push_back(runner_->measure(context.cancelled));
    longest_pair_ = std::max(longest_pair_, runner_->elapsed() - started);
    context.progress({.done = seconds(runner_->elapsed()), .total = seconds(settings_.budget), .unit = "s"});
  }
}

bool Compare::side_is_silent() const {
  if (pairs_.size() < silent_blocks_max) return false;
  const auto recent = std::span(pairs_).last(silent_blocks_max);
  return std::all_of(recent.begin(), recent.end(), [](const PairRecord& pair) { return silent(pair.old_side); }) ||
         std::all_of(recent.begin(), recent.end(), [](const PairRecord& pair) { return silent(pair.new_side); });
}

Outcome Compare::judge(CheckContext& context) {
  if (workload_->empty()) {
    return Outcome::inconclusive(fmt::format("the corpus {} holds no request", parameters_.text("corpus")));
  }
  if (!judgement_) return Outcome::inconclusive("nothing was measured");
  Outcome outcome;
  outcome.verdict = judgement_->verdict;
  outcome.reason = judgement_->reason + "; " + sensitivity(*judgement_);
  outcome.metrics = metrics_of(*judgement_, pairs_, settings_.rules);
  outcome.metrics.push_back(
      {.name = "reconnects", .value = static_cast<double>(runner_->reconnects()), .unit = "connections"});
  outcome.metrics.push_back(
      {.name = "pairs_set_aside", .value = static_cast<double>(runner_->set_aside()), .unit = "pairs"});
  outcome.findings = findings_of(*judgement_, pairs_, settings_.rules, *workload_, context.reproduce);
  outcome.findings_total = outcome.findings.size();
  std::uint64_t sent = 0;
  for (const PairRecord& pair : pairs_) sent += pair.old_side.sent + pair.new_side.sent;
  outcome.coverage = {{"requests", sent, judgement_->errors.trials_old + judgement_->errors.trials_new}};
  outcome.artifacts = write_artifacts(pairs_, context.output, context.check);
  return outcome;
}

/// Enough pairs for the lowest limited percentile to be judged at all.
std::size_t Compare::control_pairs() const {
  const Limit& lowest = settings_.rules.limits.front();
  const auto needed = measure::samples_needed_for_quantile(lowest.q, settings_.rules.confidence);
  const double a_block = std::max(1.0, settings_.rate * seconds(settings_.block));
  return std::max(control_pairs_min, static_cast<std::size_t>(std::ceil(1.5 * static_cast<double>(needed) / a_block)));
}

/// The slowdown that this run's own precision says every limited percentile should show, in the control's few pairs.
double Compare::planted_slowdown(std::size_t pairs) const {
  double planted = 0;
  const double alpha = (1 - settings_.rules.confidence) / static_cast<double>(settings_.rules.limits.size() + 1);
  for (QuantileJudgement judged : judgement_->quantiles) {
    judged.estimate.standard_error *= std::sqrt(static_cast<double>(pairs_.size()) / static_cast<double>(pairs));
    judged.estimate.degrees = static_cast<double>(control_pairs_min - 1);
    const double seen = measure::detectable_ratio(judged.estimate, judged.limit.ratio, alpha, 0.95);
    const double wanted = std::clamp(seen, judged.limit.ratio * planted_least, judged.limit.ratio * planted_most);
    // A new side that is faster than the old one has further to go until it is too slow.
    planted = std::max(planted, wanted / std::exp(judged.estimate.log_ratio));
  }
  return planted;
}

Control Compare::control(CheckContext& context) {
  const std::size_t count = control_pairs();
  const double slowdown = planted_slowdown(count);
  Recording planted;
  while (planted.size() < count) {
    planted.push_back(runner_->measure(context.cancelled, slowdown));
    context.progress(
        {.done = static_cast<double>(planted.size()), .total = static_cast<double>(count), .unit = "pairs"});
  }
  Rules rules = settings_.rules;
  rules.pairs_min = std::min<std::uint64_t>(rules.pairs_min, count);
  const Judgement judged = load::judge(planted, rules, last_look);
  const auto findings = findings_of(judged, planted, rules, *workload_, context.reproduce);
  const bool regressed = std::any_of(findings.begin(), findings.end(),
                                     [](const Finding& finding) { return finding.rule == "latency-regressed"; });
  Control control;
  control.planted = fmt::format(
      "every answer of the new side held back until it took {:.2f} times as long, in {} more "
      "pairs of blocks; and the old side's {} blocks compared with each other",
      slowdown, count, pairs_.size());
  control.caught = regressed && judgement_->same_side_holds.value_or(false);
  control.observed = fmt::format("planted: {} ({}); old against old: {}", to_string(judged.verdict), judged.reason,
                                 !judgement_->same_side_holds   ? "too few blocks"
                                 : *judgement_->same_side_holds ? "not failed"
                                                                : "failed");
  return control;
}

}  // namespace

CheckKind compare_kind() {
  CheckKind kind;
  kind.name = "load.compare";
  kind.proves =
      "Under the same open load, sent in interleaved blocks on this machine, the new side's latency at each limited "
      "percentile is at most the limit times the old side's, and its share of failed requests is below errors_max, at "
      "the "
      "confidence named.";
  kind.cannot_prove =
      "Anything about other rates, other request mixes, other hardware, or how the service behaves after hours; "
      "percentiles "
      "that no limit names; a regression smaller than the limit.";
  kind.parameters = compare_parameters();
  kind.needs_endpoints = true;
  kind.sends_load = true;
  kind.exclusive = true;
  kind.make = [](const Parameters& parameters) { return std::make_unique<Compare>(parameters); };
  kind.examine = examine_compare;
  return kind;
}

}  // namespace sluice::load
