#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/check.hpp"
#include "harness/core/parameters.hpp"

namespace sluice::plan {

/// The whole plan as one declaration: the loader, the JSON Schema and the reference pages all read it. `kinds` become
/// the alternatives of `checks`.
ParameterSpec plan_declaration(const std::vector<CheckKind>& kinds);

/// The names that `${SERVICE.…}` may ask of a service of this kind; empty for an unknown kind.
std::vector<std::string> service_attributes(std::string_view kind);

/// The kinds of service, with their parameters.
std::vector<Alternative> service_kinds();

}  // namespace sluice::plan
