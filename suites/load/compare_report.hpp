#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "harness/core/outcome.hpp"
#include "suites/load/judgement.hpp"
#include "suites/load/recording.hpp"
#include "suites/load/workload.hpp"

// What a reader sees of a comparison: the same numbers after a pass, a failure, and anything in between.
namespace sluice::load {

std::vector<Metric> metrics_of(const Judgement& judgement, std::span<const PairRecord> pairs, const Rules& rules);

/// One finding for each percentile that fails, and one for the errors.
std::vector<Finding> findings_of(const Judgement& judgement, std::span<const PairRecord> pairs, const Rules& rules,
                                 const Workload& workload, const std::string& reproduce);

/// "this machine detects >= 14% at p50, >= 31% at p99".
std::string sensitivity(const Judgement& judgement);

/// Writes block-level numbers (at most 20,000 lines) and both sides' latency histograms as CSV into `folder`.
std::vector<Artifact> write_artifacts(std::span<const PairRecord> pairs, const std::filesystem::path& folder,
                                      const std::string& check);

}  // namespace sluice::load
