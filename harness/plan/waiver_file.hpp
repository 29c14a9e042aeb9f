#pragma once
#include <filesystem>
#include <vector>

#include "harness/plan/node.hpp"
#include "harness/plan/source.hpp"

namespace sluice::plan {

/// Reads the files that the plan's `waiver_files` names, each a YAML list of waivers as `waivers` holds them, and puts
/// their entries behind those of the plan itself; every entry keeps its own place. Paths start at the plan's folder. A
/// file that cannot be read, is too large (see read_yaml) or is no list is a problem. Returns the files.
std::vector<std::filesystem::path> add_waiver_files(Node& root, const std::filesystem::path& plan, Problems& problems);

}  // namespace sluice::plan
