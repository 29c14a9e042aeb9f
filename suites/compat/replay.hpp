#pragma once
#include "harness/core/check.hpp"

namespace sluice::compat {

/// compat.replay: the same requests to both sides must get the same answers.
CheckKind replay_kind();

}  // namespace sluice::compat
