#pragma once
#include <string>
#include <vector>

#include "harness/core/result.hpp"

namespace sluice::run {

/// Something that a report says and that its own evidence does not bear out.
struct Disagreement {
  std::string what;     ///< "run", "phase data"
  std::string said;     ///< "GO: phase data: 2 of 2 required checks passed"
  std::string decided;  ///< what follows from the evidence
};

/// Decides every phase of a report again and concludes the run, from policy and evidence alone; what the report says of
/// its decisions, rules, waivers and concessions is replaced. Returns what had been different there.
std::vector<Disagreement> decide_again(RunResult& run);

/// What several runs, each decided again, say together: of every phase its latest judgement, and of those the worst
/// decides. A phase that did not run in one and was judged in another counts as judged. Throws InputError when there is
/// none.
RunResult combine(const std::vector<RunResult>& runs);

/// Makes a GO inconclusive, or keeps what is worse, unless each of `phases` was judged and is GO. Adds to not_run what
/// was not judged.
void demand(const std::vector<std::string>& phases, RunResult& run);

/// The SHA-256 of the plan; empty when the report names none.
std::string plan_digest(const RunResult& run);

}  // namespace sluice::run
