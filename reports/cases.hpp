#pragma once
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/result.hpp"

namespace sluice::reports {

/// One line of a CI system's test list: a check, a gate, something that did not run, or the run's own decision.
struct Case {
  std::string classname;  ///< "data.migration": two parts, no other dots, as CI systems split at the last one
  std::string name;       ///< unique within the class: "captures-equal (after)"
  Verdict verdict = Verdict::errored;
  std::string message;   ///< one line
  std::string details;   ///< lines
  std::string conceded;  ///< why a check that did not pass counts as passed; else empty
  TimePoint started{};
  std::chrono::nanoseconds duration{0};
};

struct CaseSuite {
  std::string name;  ///< unique: "sluice.data.migration"
  std::vector<Case> cases;
};

/// The run as CI systems see it: a suite per phase and suite of checks, one per phase for its gate, one for what did
/// not run, and one for the run's decision, so that a NO-GO without a failed check still breaks the build.
/// `details_limit` is the most bytes of details per case. Names and messages are bounded too.
std::vector<CaseSuite> case_suites(const RunResult& run, std::size_t details_limit);

/// A finding in lines: what, where, old, new, how to see it again; each line starts with `indent`.
std::string describe(const Finding& finding, std::string_view indent = "");

}  // namespace sluice::reports
