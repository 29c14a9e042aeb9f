#include "suites/load/suite.hpp"

#include "suites/load/compare.hpp"

namespace sluice::load {

std::vector<CheckKind> kinds() { return {compare_kind()}; }

}  // namespace sluice::load
