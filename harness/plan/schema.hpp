#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/core/check.hpp"

namespace sluice::plan {

/// The JSON Schema (draft 2020-12) of plans with these kinds, for editors.
nlohmann::ordered_json plan_schema(const std::vector<CheckKind>& kinds);

/// The reference page of a check kind: what it proves, what it cannot, its parameters. Plain text, 100 columns.
std::string explain(const CheckKind& kind);

/// The same for a kind of service.
std::string explain(const Alternative& service_kind);

}  // namespace sluice::plan
