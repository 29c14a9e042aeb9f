#include "harness/run/measured_rule.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace sluice::run {
namespace {

constexpr std::size_t metrics_named = 12;

std::vector<const CheckResult*> results_of(const PhaseResult& phase, const std::string& name) {
  std::vector<const CheckResult*> results;
  for (const auto& check : phase.checks) {
    if (check.name == name) results.push_back(&check);
  }
  return results;
}

// The stage is said only where the check runs at several.
std::string label(const CheckResult& check, const std::vector<const CheckResult*>& results) {
  return results.size() > 1 ? fmt::format("{} ({})", check.name, check.stage) : check.name;
}

// Every stage at which the check is required must have a result; the rule about it stands for the others.
bool is_missing(const PhaseResult& phase, const std::string& name, const std::vector<const CheckResult*>& results) {
  if (results.empty()) return true;
  return std::any_of(phase.policy.required.begin(), phase.policy.required.end(), [&](const RequiredCheck& required) {
    return required.check == name && std::none_of(results.begin(), results.end(), [&](const CheckResult* check) {
             return check->stage == required.stage;
           });
  });
}

RuleResult not_run(std::string rule, std::string limit, const std::string& name) {
  return {.rule = std::move(rule),
          .decision = Decision::inconclusive,
          .observed = "not run",
          .limit = std::move(limit),
          .samples = 0,
          .explanation = fmt::format("{} did not run", name)};
}

// A count (of rows, of trials) needs no samples. What is measured and rests on none was not measured.
bool needs_samples(const Metric& metric) {
  constexpr std::string_view measured[] = {"", "ms", "s", "us", "ns", "%", "ratio", "share", "1/s", "B/s"};
  return metric.interval || metric.limit ||
         std::find(std::begin(measured), std::end(measured), metric.unit) != std::end(measured);
}

std::vector<double> bounds_of(const MetricLimit& limit) {
  std::vector<double> bounds;
  for (const auto& bound : {limit.at_least, limit.at_most}) {
    if (bound) bounds.push_back(*bound);
  }
  return bounds;
}

std::string limit_text(const MetricLimit& limit) {
  if (limit.at_least && limit.at_most) return fmt::format("from {} to {}", *limit.at_least, *limit.at_most);
  if (limit.at_least) return fmt::format("at least {}", *limit.at_least);
  return limit.at_most ? fmt::format("at most {}", *limit.at_most) : "no bound";
}

std::string names_of_metrics(const Outcome& outcome) {
  std::vector<std::string> names;
  for (const auto& metric : outcome.metrics) {
    if (std::isfinite(metric.value) && names.size() < metrics_named) names.push_back(metric.name);
  }
  if (names.empty()) return "none";
  return fmt::format("{}{}", fmt::join(names, ", "), outcome.metrics.size() > names.size() ? ", …" : "");
}

std::vector<const Metric*> metrics_called(const std::string& name, const Outcome& outcome) {
  std::vector<const Metric*> found;
  for (const auto& metric : outcome.metrics) {
    if (metric.name == name) found.push_back(&metric);
  }
  return found;
}

// Why the limit can neither be kept nor be broken; empty when it can.
std::string why_undecided(const MetricLimit& limit, const CheckResult& check) {
  const auto bounds = bounds_of(limit);
  if (bounds.empty() || !std::all_of(bounds.begin(), bounds.end(), [](double bound) { return std::isfinite(bound); }))
    return "the limit has no finite bound";
  if (check.outcome.verdict == Verdict::errored || check.outcome.verdict == Verdict::skipped)
    return fmt::format("the check {}", check.outcome.verdict == Verdict::errored ? "errored" : "was skipped");
  const auto metrics = metrics_called(limit.metric, check.outcome);
  if (metrics.empty()) return fmt::format("no such metric was measured; it has {}", names_of_metrics(check.outcome));
  for (const Metric* metric : metrics) {
    if (!std::isfinite(metric->value)) return fmt::format("what was measured is no number, but {}", metric->value);
    if (metric->samples == 0 && needs_samples(*metric)) return "it was measured on no sample";
  }
  return "";
}

bool is_outside(const MetricLimit& limit, const Metric& metric) {
  return (limit.at_most && metric.value > *limit.at_most) || (limit.at_least && metric.value < *limit.at_least);
}

std::string observed_text(const MetricLimit& limit, const Metric& metric) {
  std::string text = distinct_number(metric.value, bounds_of(limit));
  if (!metric.unit.empty() && metric.unit != "ratio") text += " " + metric.unit;
  if (const auto& interval = metric.interval)
    text +=
        fmt::format(" ({:.4g}% interval {:.4g} to {:.4g})", interval->confidence * 100, interval->low, interval->high);
  return text;
}

RuleResult judge_limit(const MetricLimit& limit, const CheckResult& check, const std::string& label) {
  RuleResult rule{.rule = fmt::format("limit {} of {}", limit.metric, label),
                  .decision = Decision::inconclusive,
                  .observed = "not measured",
                  .limit = limit_text(limit),
                  .samples = 0,
                  .explanation = {}};
  if (const auto why = why_undecided(limit, check); !why.empty()) {
    rule.explanation = fmt::format("{} of {} cannot be judged: {}", limit.metric, label, why);
    return rule;
  }
  const auto metrics = metrics_called(limit.metric, check.outcome);
  const auto outside =
      std::find_if(metrics.begin(), metrics.end(), [&](const Metric* metric) { return is_outside(limit, *metric); });
  const Metric& metric = outside == metrics.end() ? *metrics.front() : **outside;
  rule.decision = outside == metrics.end() ? Decision::go : Decision::no_go;
  rule.observed = observed_text(limit, metric);
  rule.samples = metric.samples;
  if (rule.decision == Decision::no_go)
    rule.explanation = fmt::format("{} of {} is {}; {} opens the gate", limit.metric, label, rule.observed, rule.limit);
  return rule;
}

}  // namespace

std::uint64_t examined(const Outcome& outcome) {
  return outcome.coverage.empty() ? 0 : outcome.coverage.front().examined;
}

std::string distinct_number(double value, const std::vector<double>& bounds) {
  const auto order = [](double left, double right) { return (left > right) - (left < right); };
  const double size = std::max(std::fabs(value), 1.0);
  const int whole_digits = size < 1e15 ? static_cast<int>(std::log10(size)) + 1 : 15;
  for (int digits = std::max(4, whole_digits); digits < 17; ++digits) {
    const std::string text = fmt::format("{:.{}g}", value, digits);
    const double shown = std::strtod(text.c_str(), nullptr);
    const bool tells = std::all_of(bounds.begin(), bounds.end(),
                                   [&](double bound) { return order(shown, bound) == order(value, bound); });
    if (tells) return text;
  }
  return fmt::format("{}", value);  // the shortest text that only this value has
}

std::vector<RuleResult> judge_coverage(const PhaseResult& phase) {
  std::vector<RuleResult> rules;
  for (const auto& minimum : phase.policy.coverage) {
    const auto results = results_of(phase, minimum.check);
    const std::string limit = fmt::format("at least {}", minimum.examined);
    if (is_missing(phase, minimum.check, results))
      rules.push_back(not_run("coverage of " + minimum.check, limit, minimum.check));
    for (const CheckResult* check : results) {
      const std::uint64_t seen = examined(check->outcome);
      const std::string unit = check->outcome.coverage.empty() ? "" : " " + check->outcome.coverage.front().unit;
      const std::string name = label(*check, results);
      const bool enough = seen >= minimum.examined;
      rules.push_back(
          {.rule = "coverage of " + name,
           .decision = enough ? Decision::go : Decision::inconclusive,
           .observed = fmt::format("{}{}", seen, unit),
           .limit = limit + unit,
           .samples = seen,
           .explanation = enough ? "" : fmt::format("{} examined {}{}; the gate wants {}", name, seen, unit, limit)});
    }
  }
  return rules;
}

std::vector<RuleResult> judge_limits(const PhaseResult& phase) {
  std::vector<RuleResult> rules;
  for (const auto& limit : phase.policy.limits) {
    const auto results = results_of(phase, limit.check);
    if (is_missing(phase, limit.check, results)) {
      rules.push_back(
          not_run(fmt::format("limit {} of {}", limit.metric, limit.check), limit_text(limit), limit.check));
    }
    for (const CheckResult* check : results) rules.push_back(judge_limit(limit, *check, label(*check, results)));
  }
  return rules;
}

}  // namespace sluice::run
