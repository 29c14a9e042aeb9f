#pragma once
#include <string>

#include "harness/core/result.hpp"

namespace sluice::reports {

/// The run in the Common Test Report Format (JSON), the same cases as in JUnit. CTRF knows no inconclusive and no
/// errored test, and its `other` breaks no build: both are `failed` there, with Sluice's own word as `rawStatus`.
std::string ctrf(const RunResult& run);

}  // namespace sluice::reports
