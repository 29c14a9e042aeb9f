#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "harness/core/gate_policy.hpp"

namespace sluice::ledger {

/// A gate's policy as the ledger keeps it.
nlohmann::ordered_json policy_json(const GatePolicy& policy);

/// The inverse; throws nlohmann::json::exception when `text` is no policy.
GatePolicy parse_policy(const std::string& text);

}  // namespace sluice::ledger
