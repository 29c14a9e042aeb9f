#pragma once
#include <cstdint>
#include <span>

namespace sluice::measure {

/// Clopper-Pearson one-sided bounds on a share of which `events` in `trials` were seen (real numbers, so that counts
/// corrected for clustering fit). `level` is the chance of being wrong, such as 0.05. No trials: 0 and 1.
double proportion_lower_bound(double events, double trials, double level);
double proportion_upper_bound(double events, double trials, double level);

/// Chance of seeing `events` or more (or: `events` or fewer) when the share is exactly `share`.
double chance_of_at_least(double events, double trials, double share);
double chance_of_at_most(double events, double trials, double share);

/// Trials with not one event that are needed to show that the share is below `share`. 2,995 for 0.1% at 5%.
std::uint64_t trials_needed_for_share(double share, double level);

/// Events and trials of one block of time.
struct BlockCount {
  std::uint64_t events = 0;
  std::uint64_t trials = 0;
};

/// How much more the blocks differ than independent events would (Kish's design effect by the ratio estimator), at
/// least 1: errors come in bursts, and a burst says less than as many errors on their own. Divide events and trials by
/// it before bounding.
double design_effect(std::span<const BlockCount> blocks);

}  // namespace sluice::measure
