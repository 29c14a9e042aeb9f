#pragma once
#include "harness/core/check.hpp"

namespace sluice::migration {

/// `migration.idempotent`: running the migration once more changes nothing.
CheckKind idempotent_kind();

}  // namespace sluice::migration
