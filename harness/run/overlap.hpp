#pragma once
#include <chrono>
#include <vector>

#include "harness/core/result.hpp"

namespace sluice::run {

/// How long the check was under way at the same time as the actions, which came one after another.
std::chrono::nanoseconds overlap(const CheckResult& check, const std::vector<ActionResult>& actions);

/// Notes the overlap of a check that ran beside the actions. A pass that saw nothing of them becomes inconclusive.
void judge_overlap(CheckResult& check, const std::vector<ActionResult>& actions);

}  // namespace sluice::run
