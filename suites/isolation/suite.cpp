#include "suites/isolation/suite.hpp"

#include "suites/isolation/canary.hpp"

namespace sluice::isolation {

std::vector<CheckKind> kinds() { return {canary_kind()}; }

}  // namespace sluice::isolation
