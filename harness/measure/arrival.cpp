#include "harness/measure/arrival.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace sluice::measure {

double unit_random(std::mt19937_64& random) { return (static_cast<double>(random() >> 11) + 1) * 0x1p-53; }

std::size_t random_index(std::mt19937_64& random, std::size_t bound) {
  const auto index = static_cast<std::size_t>((1 - unit_random(random)) * static_cast<double>(bound));
  return std::min(index, bound - 1);
}

std::vector<std::chrono::nanoseconds> arrival_schedule(Arrival arrival, double rate, std::chrono::nanoseconds length,
                                                       std::uint64_t seed) {
  if (!(rate > 0) || !std::isfinite(rate)) throw std::invalid_argument("an arrival rate must be positive");
  std::mt19937_64 random(seed);
  const double gap = 1e9 / rate;
  const auto end = static_cast<double>(length.count());
  std::vector<std::chrono::nanoseconds> schedule;
  schedule.reserve(static_cast<std::size_t>(end / gap * 1.1) + 16);
  // A metronome that always starts at zero would beat in step with every other block's: its phase is drawn.
  double due = arrival == Arrival::constant ? gap * (1 - unit_random(random)) : -std::log(unit_random(random)) * gap;
  while (due < end) {
    schedule.emplace_back(static_cast<std::int64_t>(due));
    due += arrival == Arrival::constant ? gap : -std::log(unit_random(random)) * gap;
  }
  return schedule;
}

}  // namespace sluice::measure
