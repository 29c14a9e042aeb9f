#pragma once
#include <chrono>
#include <stop_token>

namespace sluice {

/// Lets `time` pass between two looks at something that tells nobody when it changes. A stop ends it at once; false
/// when one was requested.
bool pause_for(std::chrono::nanoseconds time, const std::stop_token& stop);

/// The same; throws Cancelled at a stop.
void pause_unless_cancelled(std::chrono::nanoseconds time, const std::stop_token& stop);

}  // namespace sluice
