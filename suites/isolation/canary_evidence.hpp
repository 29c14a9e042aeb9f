#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "harness/core/outcome.hpp"
#include "suites/isolation/crowd.hpp"
#include "suites/isolation/leak_log.hpp"

namespace sluice::isolation {

/// What one side showed.
struct SideEvidence {
  std::string side;
  Tally tally;
  std::size_t most_in_flight = 0;
  std::size_t users_with_own_secret = 0;
  std::uint64_t expected = 0;  ///< exchanges that the whole schedule has
};

/// Everything that isolation.canary judges by.
struct CanaryEvidence {
  std::vector<SideEvidence> sides;  ///< the judged one last
  std::vector<Leak> leaks;
  std::uint64_t leaks_unlisted = 0;
  std::size_t tokens_watched = 0;
  std::size_t tokens_forgotten = 0;
  std::size_t users = 0;
  std::size_t rounds = 0;
  std::uint64_t seed = 0;
  std::string reproduce;
};

/// What counts as enough.
struct CanaryLimits {
  double bleed_below = 0.01;
  double confidence = 0.95;
  double failed_share_max = 0.01;
};

/// The verdict: pure, so that every way to it can be tested. A leak on the judged side fails; a leak on the old side
/// alone is a warning; evidence that is short of what a pass needs is inconclusive.
Outcome judge_canary(const CanaryEvidence& evidence, const CanaryLimits& limits);

}  // namespace sluice::isolation
