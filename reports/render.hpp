#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/result.hpp"

namespace sluice::reports {

/// The names that render takes: json, junit, html, markdown, ctrf, text.
std::vector<std::string> formats();

/// The run in one of formats(); throws InputError for any other name. `text` comes without colours.
std::string render(const RunResult& run, std::string_view format);

}  // namespace sluice::reports
