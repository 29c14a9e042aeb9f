#pragma once
#include "harness/core/check.hpp"

namespace sluice::migration {

/// `migration.rollback`: the rollback restores the state before the migration and keeps what was written in between.
CheckKind rollback_kind();

}  // namespace sluice::migration
