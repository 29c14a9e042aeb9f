#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "harness/core/exact_json.hpp"
#include "harness/scenario/player.hpp"

namespace sluice::compat {

/// What was changed in an answer.
struct Tampering {
  std::string place;
  std::string old_value;
  std::string new_value;
};

/// Changes the one value at `place` (a JSON pointer into the body, "/messages/2/text", "header:Location", "body/3") as
/// little as possible: one character, one digit, the other boolean. nullopt when that place cannot be changed there.
std::optional<Tampering> tamper(scenario::Exchange& exchange, const std::string& place);

/// The status of the answer, for answers that hold no value to change.
Tampering tamper_status(scenario::Exchange& exchange);

/// The JSON with the value at `pointer` changed; nullopt when nothing but an object or array is there.
std::optional<std::string> altered_json(const ExactJson& json, std::string_view pointer, Tampering& what);

}  // namespace sluice::compat
