#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/exact_json.hpp"
#include "harness/scenario/corpus.hpp"

// Private to this folder: the two forms that a corpus comes in.
namespace sluice::scenario {

/// Steps of JSON lines. `file` is for messages. Throws InputError.
std::vector<Step> steps_of_lines(const std::string& file, std::string_view text);

/// Steps of a HAR document. Throws InputError.
std::vector<Step> steps_of_har(const std::string& file, const ExactJson& document);

constexpr std::size_t most_steps = 100'000;

}  // namespace sluice::scenario
