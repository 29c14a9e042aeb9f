#pragma once
#include "harness/core/check.hpp"

namespace sluice::migration {

/// The check kind `migration.status`: a status table says that every step of the migration ended well.
CheckKind status_kind();

}  // namespace sluice::migration
