#include "harness/measure/sequential.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "harness/measure/distributions.hpp"

namespace sluice::measure {
namespace {

// The density of the score process among paths that have crossed no boundary yet, on an even grid; trapezoid rule.
struct Density {
  double low = 0;
  double step = 0;
  std::vector<double> values;

  double at(std::size_t i) const { return low + static_cast<double>(i) * step; }
  double weight(std::size_t i) const { return (i == 0 || i + 1 == values.size()) ? step / 2 : step; }
};

constexpr std::size_t grid_points = 501;
constexpr double reach = 8;  // standard deviations below which nothing is lost

double normal_density(double x) { return std::exp(-x * x / 2) / std::sqrt(2 * M_PI); }

double chance_above(const Density& density, double boundary, double deviation) {
  double chance = 0;
  for (std::size_t i = 0; i < density.values.size(); ++i) {
    chance += density.weight(i) * density.values[i] * normal_tail((boundary - density.at(i)) / deviation);
  }
  return chance;
}

Density advance(const Density& before, double boundary, double deviation, double total_deviation) {
  Density after;
  after.low = -reach * total_deviation;
  after.step = (boundary - after.low) / static_cast<double>(grid_points - 1);
  after.values.resize(grid_points);
  for (std::size_t j = 0; j < grid_points; ++j) {
    double sum = 0;
    for (std::size_t i = 0; i < before.values.size(); ++i) {
      sum += before.weight(i) * before.values[i] * normal_density((after.at(j) - before.at(i)) / deviation) / deviation;
    }
    after.values[j] = sum;
  }
  return after;
}

Density first_density(double boundary, double deviation) {
  Density density;
  density.low = -reach * deviation;
  density.step = (boundary - density.low) / static_cast<double>(grid_points - 1);
  density.values.resize(grid_points);
  for (std::size_t j = 0; j < grid_points; ++j) {
    density.values[j] = normal_density(density.at(j) / deviation) / deviation;
  }
  return density;
}

double solve_boundary(const Density& density, double deviation, double wanted) {
  double low = -reach;
  double high = 2 * reach;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (chance_above(density, middle, deviation) > wanted ? low : high) = middle;
  }
  return (low + high) / 2;
}

void check_arguments(double alpha, std::span<const double> fractions) {
  const bool ascending =
      std::adjacent_find(fractions.begin(), fractions.end(), std::greater_equal<>()) == fractions.end();
  if (!(alpha > 0 && alpha < 0.5) || fractions.empty() || !ascending || fractions.front() <= 0 ||
      std::abs(fractions.back() - 1) > 1e-9) {
    throw std::invalid_argument("looks need a level below one half and ascending shares that end at 1");
  }
}

}  // namespace

std::vector<double> obrien_fleming_levels(double alpha, std::span<const double> fractions) {
  check_arguments(alpha, fractions);
  const double z = normal_upper_point(alpha / 2);
  const auto spent = [z](double share) { return 2 * normal_tail(z / std::sqrt(share)); };
  std::vector<double> levels{spent(fractions.front())};
  double deviation = std::sqrt(fractions.front());
  Density density = first_density(normal_upper_point(levels.front()) * deviation, deviation);
  for (std::size_t look = 1; look < fractions.size(); ++look) {
    const double increment = std::sqrt(fractions[look] - fractions[look - 1]);
    const double total = std::sqrt(fractions[look]);
    const double boundary = solve_boundary(density, increment, spent(fractions[look]) - spent(fractions[look - 1]));
    levels.push_back(normal_tail(boundary / total));
    if (look + 1 < fractions.size()) density = advance(density, boundary, increment, total);
  }
  return levels;
}

std::vector<bool> holm(std::span<const double> p_values, std::span<const double> levels) {
  if (levels.size() < p_values.size()) throw std::invalid_argument("Holm's test needs a level for each hypothesis");
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<bool> fallen(p_values.size(), false);
  for (std::size_t k = 0; k < order.size() && p_values[order[k]] <= levels[k]; ++k) fallen[order[k]] = true;
  return fallen;
}

}  // namespace sluice::measure
