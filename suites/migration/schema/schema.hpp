#pragma once
#include "harness/core/check.hpp"

namespace sluice::migration {

/// The check kind `migration.schema`: a schema is sound, is what a snapshot says, or is the old side's with declared
/// changes.
CheckKind schema_kind();

}  // namespace sluice::migration
