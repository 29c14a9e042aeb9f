#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "harness/core/clock.hpp"
#include "harness/core/result.hpp"
#include "harness/plan/plan.hpp"
#include "harness/run/evidence_book.hpp"
#include "harness/run/exit_code.hpp"
#include "harness/run/observer.hpp"
#include "harness/services/run_folder.hpp"

namespace sluice::run {

struct RunOptions {
  std::vector<std::string> phases;  ///< empty: all
  std::string suite;                ///< only checks of this suite; such a run opens no gate
  std::string check;                ///< only checks whose name matches this glob; such a run opens no gate
  std::filesystem::path overlay;    ///< what was put over the plan, for its identity; empty: nothing
  std::filesystem::path output;     ///< logs and artifacts; made if need be
  std::filesystem::path binaries;   ///< what ${bin} means
  std::uint64_t seed = 0;
  bool controls = true;
  bool rollback_on_no_go = false;  ///< take a phase back whose gate is NO-GO
  std::string command;             ///< the command line that makes this run again, for the report
  std::string check_command;       ///< the same up to where `--check NAME` goes

  bool partial() const { return !suite.empty() || !check.empty(); }
};

/// Brings a plan's services up, runs its phases and decides their gates. What goes wrong on the way becomes part of the
/// result; only broken invariants throw. `folder` must outlive the call; nothing of the run is left when it returns,
/// except in `output`. `hold` is called, services still up, before they are taken down (--keep); may be empty. `book`
/// says what earlier runs prove, for phases on external services; without one they prove nothing.
RunResult run_plan(const plan::Plan& plan, const RunOptions& options, const services::RunFolder& folder,
                   const Clock& clock, RunObserver& observer, std::stop_token stop,
                   const std::function<void(const RunResult&)>& hold = {}, const EvidenceBook* book = nullptr);

/// Brings the services up, calls `hold` with them, and takes them down. Throws EnvironmentError or Cancelled.
void hold_services(const plan::Plan& plan, const RunOptions& options, const services::RunFolder& folder,
                   const Clock& clock, RunObserver& observer, std::stop_token stop,
                   const std::function<void(const RunResult&)>& hold);

}  // namespace sluice::run
