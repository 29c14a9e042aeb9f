#include "harness/cli/plan_options.hpp"

#include "harness/cli/suites.hpp"
#include "harness/plan/loader.hpp"
#include "harness/plan/overlay.hpp"

namespace sluice::cli {

void PlanOptions::add_to(CLI::App& command) {
  command.add_option("PLAN", plan, "the plan, a YAML file")->required();
  command.add_option("--overlay", overlay, "a fault's overlay (see `sluice prove`) to put over the plan");
}

plan::Plan PlanOptions::load() const {
  if (overlay.empty()) return plan::load_plan(plan, all_kinds());
  const plan::Overlay fault = plan::load_overlay(overlay);
  return plan::load_plan(plan, all_kinds(), &fault.changes);
}

std::vector<std::string> service_names(const plan::Plan& plan) {
  std::vector<std::string> names;
  for (const auto& service : plan.services) names.push_back(service.name);
  return names;
}

std::filesystem::path own_folder() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

}  // namespace sluice::cli
