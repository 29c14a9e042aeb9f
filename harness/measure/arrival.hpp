#pragma once
#include <chrono>
#include <cstdint>
#include <random>
#include <vector>

namespace sluice::measure {

/// How requests arrive: as independent users do (exponential gaps), or like a metronome.
enum class Arrival { poisson, constant };

/// When each request is due, from the start of the block, ascending, all before `length`. Fixed before the first one is
/// sent, so that a slow service cannot slow its own load down. The same seed gives the same schedule. `rate` is per
/// second and positive; throws std::invalid_argument otherwise.
std::vector<std::chrono::nanoseconds> arrival_schedule(Arrival arrival, double rate, std::chrono::nanoseconds length,
                                                       std::uint64_t seed);

/// A number in (0, 1], with 53 random bits; the same on every platform, unlike std::uniform_real_distribution.
double unit_random(std::mt19937_64& random);

/// A number in [0, bound); `bound` is positive.
std::size_t random_index(std::mt19937_64& random, std::size_t bound);

}  // namespace sluice::measure
