#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/core/outcome.hpp"
#include "suites/isolation/recordings.hpp"
#include "suites/isolation/token_registry.hpp"

namespace sluice::isolation {

/// The control: puts another user's secret into one recorded exchange, in every view and in every place, and examines
/// it as the run did. Caught only if each plant is seen as a leak at exactly its offset and in its view.
/// `decoded_limit` as in the run.
Control replant(const std::vector<Recording>& recordings, const Watchlist& watchlist, std::size_t decoded_limit,
                std::uint64_t seed);

}  // namespace sluice::isolation
