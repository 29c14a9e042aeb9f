#pragma once
#include "harness/core/check.hpp"

namespace sluice::migration {

/// `migration.rows`: every row and cell of the mapped tables is the same on both sides.
CheckKind rows_kind();

}  // namespace sluice::migration
