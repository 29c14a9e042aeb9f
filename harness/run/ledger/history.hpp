#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/core/result.hpp"
#include "harness/run/ledger/ledger.hpp"

namespace sluice::ledger {

/// A check of a recorded phase.
struct RecordedCheck {
  std::string name;
  std::string kind;
  std::string stage;
  std::string parameters;  ///< JSON
};

/// A phase of a recorded run.
struct RecordedPhase {
  std::string name;
  Decision decision = Decision::inconclusive;
  std::string deciding_rule;
  bool entered_only = false;
  bool partial = false;
  bool acted = false;  ///< an action of it was started on services that outlive the run: the world may have changed
  GatePolicy policy;
  std::vector<RecordedCheck> checks;
};

/// One record, without what only reports need.
struct RecordedRun {
  std::uint64_t sequence = 0;
  std::string record;  ///< its hash
  std::string run_id;
  std::string plan_name;
  std::string plan_path;
  bool controls = true;
  TimePoint recorded{};
  std::vector<Identity> identities;
  std::vector<RecordedPhase> phases;
};

/// A state of the ledger that was verified as it was read.
struct History {
  std::filesystem::path path;
  Verification verification;      ///< when it does not hold, nothing here is to be believed
  std::vector<RecordedRun> runs;  ///< oldest first

  /// One judged phase with its run; both outlive nothing but the history.
  struct Entry {
    const RecordedRun* run = nullptr;
    const RecordedPhase* phase = nullptr;
  };
  /// Every time that the phase was judged, oldest first; not when it was only entered.
  std::vector<Entry> entries(const std::string& plan_name, const std::string& phase) const;
};

/// Reads and verifies the ledger; `plan_name` keeps only runs of that plan, empty keeps all. Throws LedgerError.
History read_history(const std::filesystem::path& path, const std::string& plan_name = "");

/// The same of all plans, but only as far back as what is sought of each of the phases of the plan needs: what it costs
/// does not grow with the ledger. Throws LedgerError.
History read_recent(const std::filesystem::path& path, const std::string& plan_name,
                    const std::vector<std::string>& phases, Sought sought);

}  // namespace sluice::ledger
