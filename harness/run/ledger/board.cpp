#include "harness/run/ledger/board.hpp"

#include <algorithm>
#include <map>

namespace sluice::ledger {

std::string BoardRow::state() const {
  if (standing.state != Standing::State::go && !blocked_by.empty()) return "blocked";
  return std::string(to_string(standing.state));
}

std::size_t Board::go_count() const {
  return static_cast<std::size_t>(std::count_if(
      rows.begin(), rows.end(), [](const BoardRow& row) { return row.standing.state == Standing::State::go; }));
}

const BoardRow* Board::next() const {
  const auto found = std::find_if(rows.begin(), rows.end(), [](const BoardRow& row) {
    return row.standing.state != Standing::State::go && row.blocked_by.empty();
  });
  return found == rows.end() ? nullptr : &*found;
}

Board board_of(const History& history, const plan::Plan& plan, const std::vector<Identity>& identities, TimePoint now) {
  Board board{.plan = plan.name, .plan_path = plan.path.string(), .against_the_plan = true, .rows = {}};
  std::map<std::string, bool> open;
  for (const auto& phase : plan.phases) {
    BoardRow row{.phase = phase.name, .standing = standing_of(history, plan, phase, identities, now), .blocked_by = {}};
    open[phase.name] = row.standing.state == Standing::State::go;
    board.rows.push_back(std::move(row));
  }
  for (auto& row : board.rows) {
    for (const auto* needed : plan::phases_up_to(plan, row.phase)) {
      if (needed->name != row.phase && !open[needed->name]) row.blocked_by.push_back(needed->name);
    }
  }
  return board;
}

std::vector<Board> boards_of(const History& history) {
  std::map<std::string, Board> boards;
  for (const auto& run : history.runs) {
    Board& board = boards[run.plan_name];
    board.plan = run.plan_name;
    board.plan_path = run.plan_path;
    for (const auto& phase : run.phases) {
      const bool known = std::any_of(board.rows.begin(), board.rows.end(),
                                     [&](const BoardRow& row) { return row.phase == phase.name; });
      if (known) continue;
      board.rows.push_back(
          {.phase = phase.name, .standing = last_word(history, run.plan_name, phase.name), .blocked_by = {}});
    }
  }
  std::vector<Board> all;
  for (auto& [name, board] : boards) all.push_back(std::move(board));
  return all;
}

}  // namespace sluice::ledger
