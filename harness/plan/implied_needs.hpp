#pragma once
#include "harness/plan/plan.hpp"

namespace sluice::plan {

/// Adds to each service's needs the services that its texts refer to.
void add_implied_needs(Plan& plan);

}  // namespace sluice::plan
