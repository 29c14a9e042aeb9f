#pragma once
#include <string>

#include "harness/core/result.hpp"

namespace sluice::reports {

/// The closing summary for a terminal: first the decision, the rule that decided and the command that shows its cause
/// again; then per phase a line per check, the evidence of what went wrong and what did not run; and at the end the
/// decision once more, with the command that makes the whole run again. `colour` adds ANSI colours; every status is
/// also a sign and a word. Nothing that a service answered can reach the terminal as a control sequence.
std::string text(const RunResult& run, bool colour = false);

}  // namespace sluice::reports
