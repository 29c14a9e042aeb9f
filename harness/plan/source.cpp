#include "harness/plan/source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

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

}  // namespace

std::string Position::to_string() const {
  const std::string name = file ? *file : std::string("plan");
  return line == 0 ? name : fmt::format("{}:{}:{}", name, line, column);
}

std::string Problem::to_string() const { return at.to_string() + ": " + message; }

std::string Problems::to_string() const {
  std::vector<const Problem*> ordered;
  for (const auto& problem : all_) ordered.push_back(&problem);
  std::stable_sort(ordered.begin(), ordered.end(), [](const Problem* left, const Problem* right) {
    return std::pair(left->at.line, left->at.column) < std::pair(right->at.line, right->at.column);
  });
  std::string text;
  for (const auto* problem : ordered) {
    if (!text.empty()) text += '\n';
    text += problem->to_string();
  }
  return text;
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    if (word.size() > 64) break;  // not a typing error any more, and the distance is quadratic
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
