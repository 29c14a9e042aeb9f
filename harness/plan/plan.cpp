#include "harness/plan/plan.hpp"

#include <algorithm>
#include <functional>

namespace sluice::plan {
namespace {

template <typename Spec>
const Spec* by_name(const std::vector<Spec>& specs, std::string_view name) {
  const auto found = std::find_if(specs.begin(), specs.end(), [&](const Spec& spec) { return spec.name == name; });
  return found == specs.end() ? nullptr : &*found;
}

}  // namespace

std::vector<std::pair<std::string, std::vector<std::string>>> PhaseSpec::stages() const {
  return {{"before", before}, {"during", during}, {"after", after}};
}

const ServiceSpec* Plan::service(std::string_view wanted) const { return by_name(services, wanted); }
const ActionSpec* Plan::action(std::string_view wanted) const { return by_name(actions, wanted); }
const CheckSpec* Plan::check(std::string_view wanted) const { return by_name(checks, wanted); }
const PhaseSpec* Plan::phase(std::string_view wanted) const { return by_name(phases, wanted); }

bool Plan::has_external_services() const {
  return std::any_of(services.begin(), services.end(), [](const auto& service) { return service.kind == "external"; });
}

bool compares_with_before(const CheckSpec& check) {
  const auto& parameters = check.parameters.json();
  const auto is_before = [&](const char* side) {
    const auto found = parameters.find(side);
    return found != parameters.end() && *found == "before";
  };
  return is_before("old") || is_before("new");
}

std::vector<const PhaseSpec*> phases_up_to(const Plan& plan, const std::string& name) {
  std::vector<const PhaseSpec*> ordered;
  const std::function<void(const std::string&)> visit = [&](const std::string& wanted) {
    const PhaseSpec* phase = plan.phase(wanted);
    if (phase == nullptr || std::find(ordered.begin(), ordered.end(), phase) != ordered.end()) return;
    for (const auto& needed : phase->needs) visit(needed);
    ordered.push_back(phase);
  };
  visit(name);
  return ordered;
}

}  // namespace sluice::plan
