#include "suites/migration/queries/search_similarity.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <string_view>

#include "harness/measure/proportion.hpp"
#include "harness/measure/quantile.hpp"

namespace sluice::migration {
namespace {

constexpr double level = 0.05;
constexpr std::size_t resamples = 2'000;

std::map<std::string, std::size_t> places(const ResultList& list) {
  std::map<std::string, std::size_t> at;
  for (std::size_t i = 0; i < list.size(); ++i) at.emplace(list[i], i);
  return at;
}

// -1: a before b, 1: b before a, 0: the list does not tell.
int order(const std::map<std::string, std::size_t>& at, const std::string& a, const std::string& b) {
  const auto left = at.find(a), right = at.find(b);
  if (left == at.end() && right == at.end()) return 0;
  if (left == at.end()) return 1;
  if (right == at.end()) return -1;
  return left->second < right->second ? -1 : 1;
}

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

ResultList top(const ResultList& list, std::size_t k) {
  ResultList first;
  std::set<std::string> seen;
  for (const auto& id : list) {
    if (first.size() == k) break;
    if (seen.insert(id).second) first.push_back(id);
  }
  return first;
}

std::size_t repeats(const ResultList& list) {
  return list.size() - std::set<std::string_view>(list.begin(), list.end()).size();
}

double overlap(const ResultList& left, const ResultList& right) {
  if (left.empty() && right.empty()) return 1;
  const auto at = places(right);
  const auto both = std::count_if(left.begin(), left.end(), [&](const std::string& id) { return at.contains(id); });
  return static_cast<double>(both) / static_cast<double>(std::max(left.size(), right.size()));
}

double rank_correlation(const ResultList& left, const ResultList& right) {
  const auto in_left = places(left), in_right = places(right);
  std::set<std::string> all(left.begin(), left.end());
  all.insert(right.begin(), right.end());
  double penalty = 0, pairs = 0;
  for (auto a = all.begin(); a != all.end(); ++a) {
    for (auto b = std::next(a); b != all.end(); ++b) {
      const int one = order(in_left, *a, *b), other = order(in_right, *a, *b);
      pairs += 1;
      if (one == 0 || other == 0)
        penalty += 0.5;
      else if (one != other)
        penalty += 1;
    }
  }
  return pairs == 0 ? 1 : 1 - 2 * penalty / pairs;
}

SetEstimate judge_mean(std::span<const double> values, double worst, double limit, std::uint64_t seed) {
  using enum measure::RatioVerdict;
  SetEstimate estimate;
  const double allowed = (1 - limit) / (1 - worst);  // share of the way from perfect to worst
  estimate.needed = limit >= 1 ? 1 : allowed >= 1 ? 1 : measure::trials_needed_for_share(allowed, level);
  if (values.empty()) return estimate;
  estimate.mean = mean_of(values);
  std::mt19937_64 random(seed);
  std::vector<double> means;
  std::vector<double> drawn(values.size());
  for (std::size_t i = 0; i < resamples; ++i) {
    for (auto& value : drawn) value = values[random() % values.size()];
    means.push_back(mean_of(drawn));
  }
  std::sort(means.begin(), means.end());
  estimate.low = measure::quantile(means, level);
  estimate.high = measure::quantile(means, 1 - level);
  constexpr double rounding = 1e-12;
  if (limit >= 1) {
    estimate.verdict = *std::min_element(values.begin(), values.end()) >= 1 - rounding ? pass : fail;
  } else if (values.size() < estimate.needed) {
    double lost = 0;
    for (const double value : values) lost += (1 - value) / (1 - worst);
    const bool surely_below =
        measure::proportion_lower_bound(lost, static_cast<double>(values.size()), level) > allowed;
    estimate.verdict = surely_below ? fail : inconclusive;
  } else if (estimate.low >= limit - rounding) {
    estimate.verdict = pass;
  } else if (estimate.high < limit) {
    estimate.verdict = fail;
  }
  return estimate;
}

}  // namespace sluice::migration
