#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/core/check.hpp"
#include "harness/plan/node.hpp"
#include "harness/plan/plan.hpp"

namespace sluice::plan {

/// Reads and checks a whole plan. Throws PlanError with every problem at once: syntax, unknown keys, wrong types, names
/// that do not exist, cycles, references that nothing can fill. `overlay` (may be null) is merged over the plan before
/// it is checked.
Plan load_plan(const std::filesystem::path& path, const std::vector<CheckKind>& kinds, const Node* overlay = nullptr);

/// The same for a plan in memory; `path` gives the name for messages and the folder for relative paths.
Plan parse_plan(const std::string& text, const std::filesystem::path& path, const std::vector<CheckKind>& kinds,
                const Node* overlay = nullptr);

}  // namespace sluice::plan
