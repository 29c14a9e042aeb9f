#pragma once
#include "harness/core/check.hpp"

namespace sluice::migration {

/// The check kind `migration.live_writes`: what clients write while the migration runs is in the new store afterwards,
/// once.
CheckKind live_writes_kind();

}  // namespace sluice::migration
