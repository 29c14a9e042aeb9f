#pragma once
#include <string>
#include <vector>

#include "harness/core/result.hpp"
#include "harness/plan/overlay.hpp"

namespace sluice::cli {

/// What became of one planted fault.
enum class FaultOutcome { caught, caught_by_another, missed, not_tried };

struct FaultRow {
  std::string name;  ///< file name without .yaml
  std::string fault;
  std::string expected;  ///< "captures-equal in data"
  FaultOutcome outcome = FaultOutcome::not_tried;
  std::string seen;  ///< what the run said
};

/// "caught", "caught by another", "missed", "not tried".
std::string_view to_string(FaultOutcome outcome);

/// Judges the run of a plan with the fault switched on: caught only if the expected check failed in the expected phase,
/// with a finding of the expected rule where one is named. An inconclusive or errored check has not caught anything.
FaultRow judge_fault(const plan::Overlay& overlay, const RunResult& result);

/// Why the healthy run is a false alarm; empty when it is GO.
std::string false_alarm(const RunResult& result);

}  // namespace sluice::cli
