#pragma once
#include <chrono>

namespace sluice {

/// What people and limits count in.
inline double milliseconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace sluice
