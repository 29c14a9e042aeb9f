#include "harness/plan/implied_needs.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "harness/plan/reference.hpp"

namespace sluice::plan {
namespace {

void collect_references(const nlohmann::json& value, std::set<std::string>& names) {
  if (value.is_string()) {
    std::string ignored;
    for (const auto& reference : find_references(value.get_ref<const std::string&>(), ignored))
      names.insert(reference.name);
  }
  if (value.is_structured()) {
    for (const auto& item : value) collect_references(item, names);
  }
}

}  // namespace

void add_implied_needs(Plan& plan) {
  for (auto& service : plan.services) {
    std::set<std::string> names;
    collect_references(service.parameters.json(), names);
    for (const auto& name : names) {
      if (name == service.name || plan.service(name) == nullptr) continue;
      if (std::find(service.needs.begin(), service.needs.end(), name) == service.needs.end())
        service.needs.push_back(name);
    }
  }
}

}  // namespace sluice::plan
