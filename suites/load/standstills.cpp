#include "suites/load/standstills.hpp"

#include <algorithm>

namespace sluice::load {

void Standstills::begin(Clock::time_point now) {
  looked_ = now;
  gaps_.clear();
}

void Standstills::look(Clock::time_point now) {
  if (now - looked_ >= least) gaps_.push_back({looked_, now});
  looked_ = now;
}

std::chrono::nanoseconds Standstills::within(Clock::time_point begin, Clock::time_point end) const {
  std::chrono::nanoseconds sum{0};
  for (const Gap& gap : gaps_) {
    sum += std::max<std::chrono::nanoseconds>(std::chrono::nanoseconds(0),
                                              std::min(gap.end, end) - std::max(gap.begin, begin));
  }
  return sum;
}

std::chrono::nanoseconds Standstills::total() const {
  return gaps_.empty() ? std::chrono::nanoseconds(0) : within(gaps_.front().begin, gaps_.back().end);
}

}  // namespace sluice::load
