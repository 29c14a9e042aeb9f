#pragma once
#include "harness/core/check.hpp"

namespace sluice::migration {

/// The check kind `migration.search`: the new side's search finds what the old side's found, in about the same order.
CheckKind search_kind();

}  // namespace sluice::migration
