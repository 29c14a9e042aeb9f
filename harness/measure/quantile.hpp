#pragma once
#include <cstdint>
#include <span>

namespace sluice::measure {

/// The smallest sample such that at least the share `q` of all samples is not above it (nearest rank, no
/// interpolation: a request that failed is +infinity and must not be averaged away). `sorted` is ascending; NaN when
/// it is empty.
double quantile(std::span<const double> sorted, double q);

/// The rank of that sample, counted from 1, among `count` samples.
std::uint64_t quantile_rank(std::uint64_t count, double q);

/// Least number of samples with which a quantile can be bounded from above at this confidence: with fewer, even the
/// largest sample may lie below it. 299 for p99 at 95%.
std::uint64_t samples_needed_for_quantile(double q, double confidence);

}  // namespace sluice::measure
