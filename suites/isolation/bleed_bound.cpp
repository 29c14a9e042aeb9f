#include "suites/isolation/bleed_bound.hpp"

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <stdexcept>
#include <string>

namespace sluice::isolation {
namespace {

constexpr std::uint64_t most_trials = std::uint64_t{1} << 52;  // beyond it doubles no longer count

void check_share(double share, const char* what) {
  if (!(share > 0 && share < 1)) throw std::logic_error(std::string(what) + " must lie between 0 and 1");
}

}  // namespace

double bleed_upper_bound(std::uint64_t leaks, std::uint64_t trials, double confidence) {
  check_share(confidence, "a confidence");
  if (leaks >= trials) return 1;
  const double doubt = 1 - confidence;
  if (leaks == 0) return -std::expm1(std::log(doubt) / static_cast<double>(trials));
  return boost::math::ibeta_inv(static_cast<double>(leaks + 1), static_cast<double>(trials - leaks), confidence);
}

std::uint64_t trials_needed(double bound, std::uint64_t leaks, double confidence) {
  check_share(bound, "a bound");
  std::uint64_t enough = leaks + 1;
  while (bleed_upper_bound(leaks, enough, confidence) >= bound) {
    if (enough >= most_trials) return most_trials;
    enough *= 2;
  }
  std::uint64_t too_few = std::max(enough / 2, leaks);  // the bound falls as trials grow: halve what lies between
  while (enough - too_few > 1) {
    const std::uint64_t middle = too_few + (enough - too_few) / 2;
    (bleed_upper_bound(leaks, middle, confidence) < bound ? enough : too_few) = middle;
  }
  return enough;
}

}  // namespace sluice::isolation
