#include "suites/migration/suite.hpp"

#include "suites/migration/rows.hpp"

namespace sluice::migration {

std::vector<CheckKind> kinds() { return {rows_kind()}; }

}  // namespace sluice::migration
