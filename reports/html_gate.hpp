#pragma once
#include "harness/core/result.hpp"
#include "reports/markup.hpp"

namespace sluice::reports {

/// Every rule of every gate that was asked: what was observed, what the limit is, on how many samples.
void write_gates(Markup& page, const RunResult& run);

/// Whose findings are accepted, until when, and what that hides.
void write_waivers(Markup& page, const RunResult& run);

/// Which rules are weaker than at the last GO, and whether the run was recorded.
void write_history(Markup& page, const RunResult& run);

}  // namespace sluice::reports
