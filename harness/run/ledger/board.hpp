#pragma once
#include <optional>
#include <string>
#include <vector>

#include "harness/plan/plan.hpp"
#include "harness/run/ledger/history.hpp"
#include "harness/run/ledger/standing.hpp"

namespace sluice::ledger {

/// One phase on the board.
struct BoardRow {
  std::string phase;
  Standing standing;
  std::vector<std::string> blocked_by;  ///< the phases it needs, transitively, that are not GO

  /// "blocked" where it is not GO and something it needs is not either; else the standing's word.
  std::string state() const;
};

/// One plan on the board: the track of one migration.
struct Board {
  std::string plan;
  std::string plan_path;          ///< as given, or as last recorded
  bool against_the_plan = false;  ///< false: from the ledger alone, so that nobody knows whether a GO still holds
  std::vector<BoardRow> rows;     ///< in the plan's order, or in the order in which phases first ran

  std::size_t go_count() const;
  /// The first phase that is not GO and that nothing blocks; nullptr when all are.
  const BoardRow* next() const;
};

/// The plan's phases against the artifacts as they are now.
Board board_of(const History& history, const plan::Plan& plan, const std::vector<Identity>& identities, TimePoint now);

/// Every plan that the ledger knows, by name, from the ledger alone.
std::vector<Board> boards_of(const History& history);

}  // namespace sluice::ledger
