#pragma once
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "harness/cli/styled_line.hpp"

namespace sluice::cli {

/// What the live view says of one thing that runs. Safe for a terminal; empty where there is nothing to say.
struct LiveRow {
  enum Column : std::size_t { name, kind, bar, done, percent, rate, left, elapsed, columns };
  std::array<std::string, columns> text;
};

/// The rows as lines of one table, none wider than `columns`. Where that is too narrow, whole columns go, those that
/// matter least first; then names are shortened; the time stays longest.
std::vector<Line> laid_out(std::vector<LiveRow> rows, std::size_t columns);

}  // namespace sluice::cli
