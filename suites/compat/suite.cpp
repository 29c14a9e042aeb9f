#include "suites/compat/suite.hpp"

#include "suites/compat/replay.hpp"

namespace sluice::compat {

std::vector<CheckKind> kinds() { return {replay_kind()}; }

}  // namespace sluice::compat
