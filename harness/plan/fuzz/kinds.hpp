#pragma once
#include <vector>

#include "harness/core/check.hpp"

namespace sluice::plan::fuzz {

/// Kinds of check that use every type of parameter, shorthand, bound and default that the suites use, under the suites'
/// names. The suites themselves would bring every network and database library into the fuzz build.
std::vector<CheckKind> representative_kinds();

}  // namespace sluice::plan::fuzz
