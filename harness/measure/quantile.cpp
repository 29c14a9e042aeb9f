#include "harness/measure/quantile.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice::measure {

std::uint64_t quantile_rank(std::uint64_t count, double q) {
  // 0.95 * 20 is a little more than 19 in binary: without the slack the rank would be 20.
  const double exact = q * static_cast<double>(count);
  const auto rank = static_cast<std::uint64_t>(std::ceil(exact - 1e-9 * static_cast<double>(count)));
  return std::clamp<std::uint64_t>(rank, 1, std::max<std::uint64_t>(count, 1));
}

double quantile(std::span<const double> sorted, double q) {
  if (sorted.empty()) return std::numeric_limits<double>::quiet_NaN();
  return sorted[quantile_rank(sorted.size(), q) - 1];
}

std::uint64_t samples_needed_for_quantile(double q, double confidence) {
  if (q <= 0) return 1;
  return static_cast<std::uint64_t>(std::ceil(std::log1p(-confidence) / std::log(q) - 1e-9));
}

}  // namespace sluice::measure
