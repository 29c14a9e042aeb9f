#pragma once
#include <cstddef>
#include <string>

#include "harness/core/result.hpp"

namespace sluice::reports {

/// GitHub drops a job summary above 1 MiB whole; this leaves room for what other steps write.
inline constexpr std::size_t markdown_bytes_max = 900u << 10;

/// The run as a summary for GITHUB_STEP_SUMMARY or a merge request: decision, suites, gates, checks, findings, what did
/// not run. Never longer than `bytes_max` (at least 4 KiB): findings go first, then checks that passed, then all
/// checks; what was left out is said.
std::string markdown(const RunResult& run, std::size_t bytes_max = markdown_bytes_max);

}  // namespace sluice::reports
