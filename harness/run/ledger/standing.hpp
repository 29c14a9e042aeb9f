#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/result.hpp"
#include "harness/plan/plan.hpp"
#include "harness/run/ledger/history.hpp"

namespace sluice::ledger {

/// Where a phase stands by the ledger alone, or against the plan and the artifacts as they are now.
struct Standing {
  enum class State {
    go,            ///< the gate is open and may be relied on
    no_go,         ///< closed by its latest run
    inconclusive,  ///< its latest run did not decide
    stale,         ///< was GO, but the plan, an artifact or a phase below it has changed since
    expired,       ///< was GO too long ago
    unproven,      ///< was GO without controls, or at a time that the clock contradicts
    never_run,
  };
  State state = State::never_run;
  std::string why;  ///< a sentence; empty for GO
  /// The run that says so; none for never_run.
  std::optional<History::Entry> latest;

  /// The evidence of a GO.
  Evidence evidence() const;
};

/// "GO", "NO-GO", "INCONCLUSIVE", "stale", "expired", "unproven", "never run".
std::string_view to_string(Standing::State state);

/// The rules of evidence, a pure function: the phase's latest run must be GO, whole, with controls, of this plan text,
/// of the same artifacts, younger than the plan allows, not from the future, and no older than a run that entered a
/// phase below it again. Artifacts of actions and checks that only other phases use are no concern of this one.
Standing standing_of(const History& history, const plan::Plan& plan, const plan::PhaseSpec& phase,
                     const std::vector<Identity>& identities, TimePoint now);

/// The same without plan and artifacts: what the latest run said. `why` says nothing of age or changes.
Standing last_word(const History& history, const std::string& plan_name, const std::string& phase);

/// "2026-11-21 08:11:30 UTC".
std::string date_text(TimePoint time);

}  // namespace sluice::ledger
