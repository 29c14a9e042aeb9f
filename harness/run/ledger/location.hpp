#pragma once
#include <filesystem>
#include <string>

namespace sluice::ledger {

/// Which ledger a command uses.
struct Location {
  std::filesystem::path path;  ///< empty when there is none
  bool told = false;           ///< somebody named it, so that not recording there is a failure
  std::string problem;         ///< why there is none: one sentence; empty when `path` is set
};

/// `option` (--ledger) if it is not empty, else $SLUICE_LEDGER, else sluice/ledger.db below $XDG_STATE_HOME or
/// $HOME/.local/state.
Location find_location(const std::string& option);

}  // namespace sluice::ledger
