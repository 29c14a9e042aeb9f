#include "harness/run/conclusion.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/core/printable.hpp"
#include "harness/run/exit_code.hpp"

namespace sluice::run {
void conclude(RunResult& result) {
  const PhaseResult* deciding = nullptr;
  std::size_t judged = 0;
  std::uint64_t waived = 0;
  std::uint64_t allowed = 0;
  for (const auto& phase : result.phases) {
    if (phase.entered_only) continue;
    ++judged;
    for (const auto& concession : phase.concessions) {
      waived += concession.findings;
      allowed += concession.verdict == Verdict::inconclusive ? 1 : 0;
    }
    if (deciding == nullptr || worse(deciding->decision, phase.decision) != deciding->decision) deciding = &phase;
  }
  const auto skipped =
      std::find_if(result.not_run.begin(), result.not_run.end(), [](const NotRun& n) { return n.what == "phase"; });
  result.decision = deciding == nullptr ? Decision::inconclusive : deciding->decision;
  result.deciding_rule = deciding != nullptr ? deciding->deciding_rule : "";
  if (skipped != result.not_run.end() && result.decision == Decision::go) result.decision = Decision::inconclusive;
  if (skipped != result.not_run.end() && (deciding == nullptr || deciding->decision == Decision::go)) {
    result.deciding_rule = fmt::format("phase {} did not run: {}", skipped->name, skipped->why);
  }
  if (result.decision == Decision::go && judged > 1) {
    result.deciding_rule = fmt::format("all {} phases passed their gates", judged);
    if (waived > 0) result.deciding_rule += fmt::format("; {} waived", counted(waived, "finding"));
    if (allowed > 0) result.deciding_rule += fmt::format("; {} allowed to be inconclusive", counted(allowed, "check"));
  }
  result.exit_code = result.decision == Decision::go      ? ExitCode::go
                     : result.decision == Decision::no_go ? ExitCode::no_go
                                                          : ExitCode::inconclusive;
  if (!result.environment_failure.empty()) {
    if (result.decision == Decision::go) result.decision = Decision::inconclusive;
    if (result.decision == Decision::inconclusive) result.deciding_rule = result.environment_failure;
    result.exit_code = ExitCode::environment;
  }
  if (result.ledger.missing()) result.exit_code = ExitCode::environment;
  if (result.deciding_rule.empty()) result.deciding_rule = "nothing ran";
}

}  // namespace sluice::run
