#include "harness/measure/proportion.hpp"

#include <algorithm>
#include <cmath>

#include "harness/measure/distributions.hpp"

namespace sluice::measure {

double proportion_lower_bound(double events, double trials, double level) {
  if (events <= 0 || trials <= 0) return 0;
  return inverse_incomplete_beta(events, trials - events + 1, level);
}

double proportion_upper_bound(double events, double trials, double level) {
  if (trials <= 0 || events >= trials) return 1;
  return inverse_incomplete_beta(events + 1, trials - events, 1 - level);
}

double chance_of_at_least(double events, double trials, double share) {
  if (events <= 0) return 1;
  if (events > trials) return 0;
  return incomplete_beta(events, trials - events + 1, share);
}

double chance_of_at_most(double events, double trials, double share) {
  if (events >= trials) return 1;
  return 1 - incomplete_beta(events + 1, trials - events, share);
}

std::uint64_t trials_needed_for_share(double share, double level) {
  if (share >= 1) return 1;
  return static_cast<std::uint64_t>(std::ceil(std::log(level) / std::log1p(-share) - 1e-9));
}

double design_effect(std::span<const BlockCount> blocks) {
  double events = 0;
  double trials = 0;
  for (const BlockCount& block : blocks) {
    events += static_cast<double>(block.events);
    trials += static_cast<double>(block.trials);
  }
  const auto count = static_cast<double>(blocks.size());
  if (blocks.size() < 2 || events <= 0 || events >= trials) return 1;
  const double share = events / trials;
  double squares = 0;
  for (const BlockCount& block : blocks) {
    const double excess = static_cast<double>(block.events) - share * static_cast<double>(block.trials);
    squares += excess * excess;
  }
  const double clustered = count / (count - 1) * squares / (trials * trials);
  return std::max(1.0, clustered / (share * (1 - share) / trials));
}

}  // namespace sluice::measure
