#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/result.hpp"

namespace sluice::reports {

/// Runs made up for the tests, with every field filled somewhere and with text that attacks each format: markup,
/// terminal escapes, zero bytes, broken UTF-8, direction overrides, quotes, values of 10 kB.
RunResult no_go_sample();
RunResult go_sample();
/// Without controls, interrupted, with a service that died.
RunResult inconclusive_sample();
/// GO, with findings waived and a check allowed to be inconclusive.
RunResult waived_sample();

/// "no-go", "go", "inconclusive", "waived".
std::vector<std::string> sample_names();
/// Throws std::invalid_argument for any other name.
RunResult sample(std::string_view name);

}  // namespace sluice::reports
