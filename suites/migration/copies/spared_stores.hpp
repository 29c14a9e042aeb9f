#pragma once
#include <set>
#include <string>

#include "harness/core/check.hpp"
#include "suites/migration/copies/store_copies.hpp"

namespace sluice::migration {

/// Proves, after actions ran on copies, that they did without the stores of `spares` (sides) as the plan says: what is
/// in these stores is still what it was when the copies were taken. Reads them once. Throws InputError that names the
/// first difference: an action works on the store itself, or somebody else wrote to it meanwhile.
void require_untouched(const CheckContext& context, const StoreCopies& copies, const std::set<std::string>& spares);

}  // namespace sluice::migration
