#pragma once
#include <string>

#include "harness/core/result.hpp"

namespace sluice::reports {

/// The closing summary for a terminal: per phase a line per check, the evidence of what went wrong, what did not run,
/// and last the decision with the command that runs it again. `colour` adds ANSI colours; every status is also a sign
/// and a word. Nothing that a service answered can reach the terminal as a control sequence.
std::string text(const RunResult& run, bool colour = false);

}  // namespace sluice::reports
