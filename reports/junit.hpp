#pragma once
#include <cstddef>
#include <string>

#include "harness/core/result.hpp"

namespace sluice::reports {

/// The most a JUnit file may weigh: CI systems refuse files from 30 MB on.
inline constexpr std::size_t junit_bytes_max = 25'000'000;

/// The run as JUnit XML (schemas/junit.xsd) that Jenkins, GitLab and Azure DevOps read: failed checks are failures,
/// errored and inconclusive ones errors, skipped ones skipped; gates and the run's decision are cases of their own.
/// Beyond `bytes_max` texts are cut shorter and shorter; a run too large even so becomes one errored case that says so.
std::string junit(const RunResult& run, std::size_t bytes_max = junit_bytes_max);

}  // namespace sluice::reports
