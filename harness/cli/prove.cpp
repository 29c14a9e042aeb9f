#include "harness/cli/prove.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::cli {
namespace {

bool names_rule(const CheckResult& check, const std::string& rule) {
  return rule.empty() || std::any_of(check.outcome.findings.begin(), check.outcome.findings.end(),
                                     [&](const Finding& finding) { return finding.rule == rule; });
}

std::string describe(const CheckResult& check) {
  return fmt::format("{} {}: {}", check.name, to_string(check.outcome.verdict), check.outcome.reason);
}

}  // namespace

std::string_view to_string(FaultOutcome outcome) {
  switch (outcome) {
    case FaultOutcome::caught:
      return "caught";
    case FaultOutcome::caught_by_another:
      return "caught by another";
    case FaultOutcome::missed:
      return "missed";
    case FaultOutcome::not_tried:
      return "not tried";
  }
  return "not tried";
}

FaultRow judge_fault(const plan::Overlay& overlay, const RunResult& result) {
  FaultRow row{.name = overlay.path.stem().string(),
               .fault = overlay.fault,
               .expected = fmt::format("{} in {}", overlay.check, overlay.phase),
               .outcome = FaultOutcome::missed,
               .seen = result.deciding_rule};
  const CheckResult* other = nullptr;
  for (const auto& phase : result.phases) {
    for (const auto& check : phase.checks) {
      const bool expected = check.name == overlay.check && phase.name == overlay.phase;
      if (expected) row.seen = describe(check);
      if (check.outcome.verdict != Verdict::failed) continue;
      if (expected && names_rule(check, overlay.rule)) {
        row.outcome = FaultOutcome::caught;
        return row;
      }
      if (expected)
        row.seen = fmt::format("{} failed, but with no finding of rule {}: {}", check.name, overlay.rule,
                               check.outcome.reason);
      else
        other = &check;
    }
  }
  if (other != nullptr) {
    row.outcome = FaultOutcome::caught_by_another;
    row.seen = describe(*other);
  }
  return row;
}

std::string false_alarm(const RunResult& result) {
  if (result.decision == Decision::go) return "";
  return fmt::format("{}: {}", to_string(result.decision), result.deciding_rule);
}

}  // namespace sluice::cli
