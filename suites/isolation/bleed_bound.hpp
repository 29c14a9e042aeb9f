#pragma once
#include <cstdint>

namespace sluice::isolation {

/// The largest bleed rate that `trials` with `leaks` leaks leave possible: the one-sided upper bound of Clopper and
/// Pearson (Biometrika 26(4), 1934) at `confidence` (0..1, exclusive). With no leak it is 1 - (1 -
/// confidence)^(1/trials). 1 when nothing was tried or everything leaked. Holds for independent trials of one schedule.
double bleed_upper_bound(std::uint64_t leaks, std::uint64_t trials, double confidence);

/// The fewest trials that bring bleed_upper_bound below `bound` (0..1, exclusive) with that many leaks.
std::uint64_t trials_needed(double bound, std::uint64_t leaks, double confidence);

}  // namespace sluice::isolation
