#pragma once
#include "harness/core/check.hpp"

namespace sluice::migration {

/// `migration.crash`: killed at any point and run again, the migration ends in the state that a clean run reaches.
CheckKind crash_kind();

}  // namespace sluice::migration
