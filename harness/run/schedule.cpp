#include "harness/run/schedule.hpp"

#include <algorithm>

namespace sluice::run {
namespace {

bool asked_for(const plan::PhaseSpec& phase, const RunOptions& options) {
  return options.phases.empty() ||
         std::find(options.phases.begin(), options.phases.end(), phase.name) != options.phases.end();
}

}  // namespace

std::vector<Planned> schedule(const plan::Plan& plan, const RunOptions& options) {
  std::vector<Planned> planned;
  for (const auto& phase : plan.phases) {
    if (!asked_for(phase, options)) continue;
    for (const auto* step : plan::phases_up_to(plan, phase.name)) {
      const auto known =
          std::find_if(planned.begin(), planned.end(), [&](const Planned& p) { return p.phase == step; });
      const bool wanted = asked_for(*step, options);
      if (known == planned.end() && (wanted || !plan.has_external_services())) planned.push_back({step, !wanted});
    }
  }
  return planned;
}

}  // namespace sluice::run
