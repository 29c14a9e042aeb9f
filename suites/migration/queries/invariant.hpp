#pragma once
#include "harness/core/check.hpp"

namespace sluice::migration {

/// The check kind `migration.invariant`: SQL that returns no row, or the same on both sides.
CheckKind invariant_kind();

}  // namespace sluice::migration
