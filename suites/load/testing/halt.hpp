#pragma once
#include <chrono>

namespace sluice::load::testing {

/// Halts this whole process, as a machine does that stands still, and lets it go on after `time`. Returns at once: the
/// halt comes a moment later.
void halt_for(std::chrono::milliseconds time);

}  // namespace sluice::load::testing
