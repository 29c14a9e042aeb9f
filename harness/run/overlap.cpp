#include "harness/run/overlap.hpp"

#include <algorithm>

namespace sluice::run {

std::chrono::nanoseconds overlap(const CheckResult& check, const std::vector<ActionResult>& actions) {
  std::chrono::nanoseconds shared{0};
  for (const auto& action : actions) {
    const auto begin = std::max(check.started, action.started);
    const auto end = std::min(check.started + check.duration, action.started + action.duration);
    if (end > begin) shared += end - begin;
  }
  return shared;
}

void judge_overlap(CheckResult& check, const std::vector<ActionResult>& actions) {
  check.overlapped = overlap(check, actions);
  if (check.outcome.verdict != Verdict::passed || check.overlapped > std::chrono::nanoseconds(0)) return;
  check.outcome.verdict = Verdict::inconclusive;
  check.outcome.reason = "it was over before the actions that it should watch began: " + check.outcome.reason;
}

}  // namespace sluice::run
