#include "harness/run/schedule.hpp"

#include <algorithm>

namespace sluice::run {

std::vector<Planned> schedule(const plan::Plan& plan, const RunOptions& options) {
  std::vector<Planned> planned;
  for (const auto& phase : plan.phases) {
    const bool wanted = options.phases.empty() ||
                        std::find(options.phases.begin(), options.phases.end(), phase.name) != options.phases.end();
    if (!wanted) continue;
    for (const auto* step : plan::phases_up_to(plan, phase.name)) {
      const auto known =
          std::find_if(planned.begin(), planned.end(), [&](const Planned& p) { return p.phase == step; });
      const bool asked_for = options.phases.empty() || std::find(options.phases.begin(), options.phases.end(),
                                                                 step->name) != options.phases.end();
      if (known == planned.end()) planned.push_back({step, !asked_for});
    }
  }
  return planned;
}

}  // namespace sluice::run
