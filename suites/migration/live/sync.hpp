#pragma once
#include "harness/core/check.hpp"

namespace sluice::migration {

/// The check kind `migration.sync`: two stores that are kept equal in both directions are, and come to rest.
CheckKind sync_kind();

}  // namespace sluice::migration
