#include "harness/cli/smoothed_rate.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::cli {
namespace {

constexpr double memory_seconds = 5;
constexpr double least_seconds = 0.5;
constexpr double patience_seconds = 2;  // reports may come as rarely as this without the rate being doubted

double seconds_between(SmoothedRate::Time from, SmoothedRate::Time to) {
  return std::max(0.0, std::chrono::duration<double>(to - from).count());
}

}  // namespace

void SmoothedRate::add(double count, Time now) {
  if (!started_ || count < count_) {
    *this = {};
    started_ = true;
  } else {
    const double passed = seconds_between(at_, now);
    const double kept = std::exp(-passed / memory_seconds);
    grown_ = grown_ * kept + (count - count_);
    seconds_ = seconds_ * kept + passed;
  }
  count_ = count;
  at_ = now;
}

std::optional<double> SmoothedRate::per_second(Time now) const {
  const double silence = seconds_between(at_, now);
  const double kept = silence > patience_seconds ? std::exp(-silence / memory_seconds) : 1;
  const double seconds = silence > patience_seconds ? seconds_ * kept + silence : seconds_;
  if (seconds < least_seconds) return std::nullopt;
  return grown_ * kept / seconds;
}

}  // namespace sluice::cli
