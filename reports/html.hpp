#pragma once
#include <string>

#include "harness/core/result.hpp"

namespace sluice::reports {

/// The go/no-go page: one self-contained file that works from a disk, without network and without scripts, light and
/// dark, on paper and on a telephone. From top to bottom: the decision, the four suites, each phase with its evidence,
/// services, what did not run, what exactly was judged, how to run it again. Everything that came from a run is
/// escaped.
std::string html(const RunResult& run);

}  // namespace sluice::reports
