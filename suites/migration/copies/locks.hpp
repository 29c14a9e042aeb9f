#pragma once
#include "harness/core/check.hpp"

namespace sluice::migration {

/// `migration.locks`: how long do ordinary statements wait for locks while the migration runs on a copy?
CheckKind locks_kind();

}  // namespace sluice::migration
