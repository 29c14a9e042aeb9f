#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "harness/core/result.hpp"
#include "harness/plan/plan.hpp"

namespace sluice::cli {

/// What a plan's own `${work}` and `${bin}` stand for in this run.
struct Folders {
  std::filesystem::path work;
  std::filesystem::path binaries;
};

/// Whether there is anything to hold: a service that is ready, or a plan that needs none.
bool anything_up(const RunResult& result);

/// How a person reaches what a run holds up, a line each: every service with its URL and log, and for each database
/// the command that opens it. Secrets are left as the plan names them.
std::vector<std::string> how_to_reach(const RunResult& result, const plan::Plan& plan, const Folders& folders);

}  // namespace sluice::cli
