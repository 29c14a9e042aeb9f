#include "harness/plan/source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "harness/core/printable.hpp"

namespace sluice::plan {
namespace {

// Damerau-Levenshtein distance in its restricted form: a swap of neighbours counts once, as typing errors do.
std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::vector<std::size_t>> cost(left.size() + 1, std::vector<std::size_t>(right.size() + 1));
  for (std::size_t i = 0; i <= left.size(); ++i) cost[i][0] = i;
  std::iota(cost[0].begin(), cost[0].end(), std::size_t{0});
  for (std::size_t i = 1; i <= left.size(); ++i) {
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t change = cost[i - 1][j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, change});
      if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[left.size()][right.size()];
}

constexpr std::size_t longest_line = 1000;  // bytes of one problem
constexpr std::size_t most_lines = 200;     // problems shown; nobody mends more at once

// Messages quote names and texts of the plan, which may hold anything. Backslashes stay: some quotes are escaped
// already.
std::string one_printable_line(std::string_view text) {
  std::string line;
  while (line.size() < longest_line) {
    const auto backslash = text.find('\\');
    line += printable(text.substr(0, backslash), longest_line - line.size());
    if (backslash == std::string_view::npos) break;
    line += '\\';
    text.remove_prefix(backslash + 1);
  }
  return line;
}

}  // namespace

std::string Position::to_string() const {
  const std::string name = file ? *file : std::string("plan");
  return line == 0 ? name : fmt::format("{}:{}:{}", name, line, column);
}

std::string Problem::to_string() const { return one_printable_line(at.to_string() + ": " + message); }

std::string Problems::to_string() const {
  std::vector<const Problem*> ordered;
  for (const auto& problem : all_) ordered.push_back(&problem);
  std::stable_sort(ordered.begin(), ordered.end(), [](const Problem* left, const Problem* right) {
    return std::pair(left->at.line, left->at.column) < std::pair(right->at.line, right->at.column);
  });
  std::string text;
  for (std::size_t i = 0; i < std::min(ordered.size(), most_lines); ++i) {
    if (!text.empty()) text += '\n';
    text += ordered[i]->to_string();
  }
  if (ordered.size() > most_lines) text += fmt::format("\n… and {} more", ordered.size() - most_lines);
  return text;
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  // Beyond these it is not a typing error any more, or nobody's list, and the work would have no bound.
  if (word.size() > 64 || candidates.size() > 1000) return best;
  for (const auto& candidate : candidates) {
    if (candidate.size() >= word.size() + best_distance || word.size() >= candidate.size() + best_distance) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string near = nearest(word, candidates);
  if (!near.empty()) return fmt::format("; did you mean '{}'?", near);
  if (candidates.empty()) return "; there are none";
  if (candidates.size() <= 12) return fmt::format("; known: {}", fmt::join(candidates, ", "));
  return "";
}

}  // namespace sluice::plan
