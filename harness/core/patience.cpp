#include "harness/core/patience.hpp"

#include <algorithm>

namespace sluice {

std::chrono::nanoseconds Patience::left(Time now) {
  left_ -= std::min<std::chrono::nanoseconds>(now - looked_, most_between_looks_);
  looked_ = now;
  return left_;
}

}  // namespace sluice
