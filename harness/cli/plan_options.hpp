#pragma once
#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/plan/plan.hpp"

namespace sluice::cli {

/// How a command is told which plan it works on.
struct PlanOptions {
  std::string plan;
  std::string overlay;

  void add_to(CLI::App& command);
  /// Loads and checks it; throws plan::PlanError with all problems.
  plan::Plan load() const;
};

/// The names of a plan's services, in the plan's order.
std::vector<std::string> service_names(const plan::Plan& plan);

/// The folder that ${bin} means unless --bin names another: where sluice itself lies.
std::filesystem::path own_folder();

}  // namespace sluice::cli
