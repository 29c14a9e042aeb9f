#pragma once
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/cli/live_model.hpp"

namespace sluice::cli {

/// Looks an environment variable up; nullptr when it is not set.
using EnvironmentLookup = std::function<const char*(const char*)>;

/// Whether to colour: NO_COLOR forbids it, CLICOLOR_FORCE demands it, CLICOLOR=0 and TERM=dumb forbid it, and otherwise
/// it is for terminals only.
bool wants_colour(const EnvironmentLookup& environment, bool is_terminal);
/// Whether lines may be drawn over: on a terminal that can move its cursor, and not under CI.
bool wants_live_view(const EnvironmentLookup& environment, bool is_terminal);

/// The same for a stream of this process and its environment.
bool use_colour(std::FILE* stream);
bool use_live_view(std::FILE* stream);

/// The terminal's size at this moment; 80 by 24 where it does not tell.
ScreenSize screen_size(int descriptor);

/// A line for good; the terminal cuts it unless `whole`.
struct PrintedLine {
  Line line;
  bool whole = false;
};

/// What to write to a live terminal so that `printed` stands there for good and `live` below it, in place of the live
/// lines of the frame before. The cursor is left on the first live line. A terminal that is resized carries its cursor
/// along with the text, whether it wraps old lines anew or cuts them, and whether or not this program has heard of its
/// new size: from there, "erase to the end" takes away all that was live and nothing else, without counting rows.
std::string frame(const std::vector<PrintedLine>& printed, const std::vector<Line>& live, ScreenSize size, bool colour);

/// Takes the live lines of the last frame away.
constexpr std::string_view erase_live_lines = "\r\x1b[J";

}  // namespace sluice::cli
