#pragma once
#include "harness/core/check.hpp"

namespace sluice::isolation {

/// isolation.canary: many users at once, each with secrets of its own; no user may ever receive a part of another's.
CheckKind canary_kind();

}  // namespace sluice::isolation
