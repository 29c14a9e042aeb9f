#pragma once
#include <filesystem>
#include <string>

#include "harness/plan/node.hpp"

namespace sluice::plan {

/// One planted fault: what it is, which check of which phase must catch it, and how the plan changes to switch it on.
struct Overlay {
  std::filesystem::path path;
  std::string fault;  ///< one sentence
  std::string check;  ///< must fail
  std::string phase;  ///< in this phase
  std::string rule;   ///< with a finding of this rule; empty: any
  Node changes;       ///< merged over the plan
};

/// Reads `fault`, `expect: { check, phase, rule }` and `plan`; throws PlanError with everything that is wrong.
Overlay load_overlay(const std::filesystem::path& path);

/// The same for an overlay in memory; `path` gives the name for messages.
Overlay parse_overlay(const std::string& text, const std::filesystem::path& path);

}  // namespace sluice::plan
