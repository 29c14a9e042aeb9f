#pragma once
#include <chrono>

#include "harness/core/check.hpp"

namespace sluice::migration {

/// Lets `time` pass between two looks at something that another program changes; throws Cancelled at a stop.
void pause(const CheckContext& context, std::chrono::nanoseconds time);

}  // namespace sluice::migration
