#pragma once
#include "harness/core/check.hpp"

namespace sluice::load {

/// `load.compare`: is the new side slower than the old one by more than is allowed, under the same open load?
CheckKind compare_kind();

}  // namespace sluice::load
