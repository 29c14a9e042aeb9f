#include "suites/load/settings.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "harness/measure/quantile.hpp"
#include "harness/scenario/route_map.hpp"

namespace sluice::load {
namespace {

constexpr double most_requests = 2e6;  // each is kept as a few numbers until it is judged
// Between two blocks the last answers are awaited: not the whole budget is load.
constexpr double loaded_share = 0.9;

constexpr std::array<std::pair<const char*, double>, 3> percentiles{{{"p50", 0.50}, {"p95", 0.95}, {"p99", 0.99}}};

ParameterSpec limit_spec() {
  ParameterSpec spec{.name = "limit",
                     .type = ParameterType::record,
                     .doc = "how many times the old side's latency the new side's may be, per percentile; at least one",
                     .default_text = "{p99: 1.10}"};
  for (const auto& [name, q] : percentiles) {
    spec.fields.push_back({.name = name,
                           .type = ParameterType::number,
                           .doc = fmt::format("new/old at the {:g}th percentile", q * 100),
                           .unit = "ratio",
                           .minimum = 1.01,
                           .maximum = 100,
                           .strictness = Strictness::lower_is_stricter});
  }
  return spec;
}

std::vector<Limit> read_limits(const Parameters& parameters) {
  const Parameters given = parameters.record("limit");
  std::vector<Limit> limits;
  for (const auto& [name, q] : percentiles) {
    if (given.has(name)) limits.push_back({name, q, given.number(name)});
  }
  return limits;
}

void examine_pairs(const Settings& settings, ParameterProblems& problems) {
  if (expected_load(settings).pairs >= settings.rules.pairs_min) return;
  const auto needed = std::chrono::ceil<std::chrono::milliseconds>(
      2 * settings.block * static_cast<std::int64_t>(settings.rules.pairs_min) / loaded_share);
  problems.add(
      {"budget"},
      fmt::format("{} pairs of blocks of {} need {} with the waits for last answers between them, and the budget "
                  "is {}; raise it, or shorten block",
                  settings.rules.pairs_min, human_duration(settings.block), human_duration(needed),
                  human_duration(settings.budget)));
}

void examine_requests(const Settings& settings, ParameterProblems& problems) {
  const double most = settings.rate * std::chrono::duration<double>(settings.budget).count();
  if (most > most_requests) {
    problems.add({"rate"},
                 fmt::format("rate x budget is {:.0f} requests; at most {:.0f} can be judged", most, most_requests));
    return;
  }
  const ExpectedLoad load = expected_load(settings);
  if (load.pairs < settings.rules.pairs_min) return;  // more is to be said when the budget is right
  const auto require = [&](std::uint64_t needed, std::vector<std::string> path, const std::string& rule) {
    if (needed <= load.requests) return;
    problems.add(std::move(path), fmt::format("{} needs {} requests a side, and this rate and budget send about {}, in "
                                              "{} blocks of {}; raise budget or rate, or loosen the rule",
                                              rule, needed, load.requests, load.pairs, human_duration(settings.block)));
  };
  for (const Limit& limit : settings.rules.limits) {
    require(measure::samples_needed_for_quantile(limit.q, settings.rules.confidence), {"limit", limit.name},
            "limit " + limit.name);
  }
  require(samples_needed_for_errors(settings.rules), {"errors_max"},
          fmt::format("errors_max {:g}", settings.rules.errors_max));
}

Settings typed(const Parameters& parameters, std::uint64_t seed) {
  Settings settings;
  settings.rules.limits = read_limits(parameters);
  settings.rules.errors_max = parameters.number("errors_max");
  settings.rules.confidence = parameters.number("confidence");
  settings.rules.lag_share = parameters.number("lag_share");
  settings.rules.pairs_min = static_cast<std::uint64_t>(parameters.integer("pairs_min"));
  if (parameters.has("detect")) settings.rules.detect = parameters.number("detect");
  settings.rules.timeout = parameters.duration("timeout");
  settings.rules.seed = seed;
  settings.generator.connections = static_cast<std::size_t>(parameters.integer("connections"));
  settings.generator.threads = static_cast<unsigned>(parameters.integer("threads"));
  settings.generator.timeout = settings.rules.timeout;
  settings.arrival = parameters.text("arrival") == "constant" ? measure::Arrival::constant : measure::Arrival::poisson;
  settings.rate = parameters.rate_per_second("rate");
  settings.block = parameters.duration("block");
  settings.budget = parameters.duration("budget");
  settings.warmup = parameters.duration("warmup");
  return settings;
}

/// What is sent.
std::vector<ParameterSpec> load_parameters() {
  using Type = ParameterType;
  return {
      {.name = "corpus",
       .type = Type::text,
       .doc = "the request mix: JSON lines or HAR; steps are drawn by weight, each request with variables of its own",
       .required = true},
      scenario::RouteMap::parameter(),
      {.name = "rate",
       .type = Type::rate,
       .doc = "requests per second while a block runs, on one side at a time",
       .default_text = "100/s",
       .minimum = 1,
       .maximum = 100'000,
       .strictness = Strictness::higher_is_stricter},
      {.name = "block",
       .type = Type::duration,
       .doc = "length of one block of load on one side",
       .default_text = "1s",
       .minimum = 0.1,
       .maximum = 60},
      {.name = "pairs_min",
       .type = Type::integer,
       .doc = "pairs of blocks (one old, one new) before anything is concluded",
       .default_text = "12",
       .minimum = 6,
       .maximum = 10'000,
       .strictness = Strictness::higher_is_stricter},
      {.name = "budget",
       .type = Type::duration,
       .doc = "longest measurement; the data are looked at after each quarter, and a clear answer ends it early",
       .default_text = "60s",
       .minimum = 2,
       .maximum = 7200,
       .strictness = Strictness::higher_is_stricter},
      {.name = "warmup",
       .type = Type::duration,
       .doc = "load on both sides beforehand that is not counted",
       .default_text = "2s",
       .minimum = 0,
       .maximum = 600},
      {.name = "connections",
       .type = Type::integer,
       .doc = "keep-alive connections to each side",
       .default_text = "64",
       .minimum = 1,
       .maximum = 10'000},
      {.name = "threads",
       .type = Type::integer,
       .doc = "threads of the load generator, which share the connections",
       .default_text = "1",
       .minimum = 1,
       .maximum = 64},
      {.name = "timeout",
       .type = Type::duration,
       .doc = "a request without an answer this long after it was due failed",
       .default_text = "5s",
       .minimum = 0.05,
       .maximum = 300,
       .strictness = Strictness::lower_is_stricter},
      {.name = "arrival",
       .type = Type::text,
       .doc = "gaps between requests: exponential, or all the same",
       .default_text = "poisson",
       .choices = {"poisson", "constant"}},
  };
}

/// How it is judged.
std::vector<ParameterSpec> rule_parameters() {
  using Type = ParameterType;
  return {
      limit_spec(),
      {.name = "errors_max",
       .type = Type::number,
       .doc = "share of requests to the new side without a 2xx or 3xx answer; a pass needs ln(0.04)/ln(1 - share) "
              "requests",
       .default_text = "0.005",
       .unit = "share",
       .minimum = 0.00001,
       .maximum = 0.5,
       .strictness = Strictness::lower_is_stricter},
      {.name = "confidence",
       .type = Type::number,
       .doc = "of the verdict, over all looks at the data",
       .default_text = "0.95",
       .minimum = 0.8,
       .maximum = 0.999,
       .strictness = Strictness::higher_is_stricter},
      {.name = "lag_share",
       .type = Type::number,
       .doc = "a pass needs the generator's own lateness, at each limited percentile, to be at most this share of what "
              "the "
              "limit allows the service",
       .default_text = "0.25",
       .unit = "share",
       .minimum = 0.01,
       .maximum = 1,
       .strictness = Strictness::lower_is_stricter},
      {.name = "detect",
       .type = Type::number,
       .doc = "a pass also needs that a regression of this ratio would have been detected (power 80%)",
       .unit = "ratio",
       .minimum = 1.02,
       .maximum = 100,
       .strictness = Strictness::lower_is_stricter},
  };
}

}  // namespace

std::vector<ParameterSpec> compare_parameters() {
  std::vector<ParameterSpec> all = load_parameters();
  std::vector<ParameterSpec> rules = rule_parameters();
  for (ParameterSpec& spec : rules) all.push_back(std::move(spec));
  return all;
}

ExpectedLoad expected_load(const Settings& settings) {
  const double pair = 2 * std::chrono::duration<double>(settings.block).count();
  const double loaded = std::chrono::duration<double>(settings.budget).count() * loaded_share;
  constexpr double rounding = 1e-9;  // 0.9 of a budget is not exact in binary
  ExpectedLoad load;
  load.pairs = static_cast<std::uint64_t>(loaded / pair + rounding);
  load.requests = static_cast<std::uint64_t>(static_cast<double>(load.pairs) * settings.rate * pair / 2 + rounding);
  return load;
}

void examine_compare(const Parameters& parameters, ParameterProblems& problems) {
  const Settings settings = typed(parameters, 0);
  if (settings.rules.limits.empty())
    problems.add({"limit"}, "name at least one of p50, p95, p99, such as { p99: 1.10 }");
  examine_pairs(settings, problems);
  examine_requests(settings, problems);
}

Settings read_settings(const Parameters& parameters, std::uint64_t seed) {
  ParameterProblems problems;
  examine_compare(parameters, problems);
  problems.refuse();
  return typed(parameters, seed);
}

}  // namespace sluice::load
