#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/core/parameters.hpp"
#include "harness/plan/node.hpp"

namespace sluice::plan {

/// Checks `node` against its declaration and returns the normalised value with defaults filled in (see ParameterType).
/// Everything wrong goes to `problems` with its place; `what` says in words whose value it is ("check 'no-bleed'"). The
/// result is meaningful only if no problem was added.
nlohmann::json normalise(const Node& node, const ParameterSpec& spec, const std::string& what, Problems& problems);

/// The same for the fields of a record or the parameters of a check kind.
nlohmann::json normalise_fields(const Node& node, const std::vector<ParameterSpec>& fields, const std::string& what,
                                Problems& problems);

/// A declared default as its normalised value; null when there is none. Throws std::logic_error when the declaration is
/// not valid itself.
nlohmann::json default_value(const ParameterSpec& spec);

}  // namespace sluice::plan
