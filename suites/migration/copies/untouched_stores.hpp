#pragma once
#include <set>
#include <string>

#include "harness/core/check.hpp"
#include "suites/migration/copies/store_copies.hpp"

namespace sluice::migration {

/// Proves, after actions ran on copies, that the plan's stores themselves are still what they were when the copies were
/// taken, but for the sides of `others_write` and the names of `ignore`. A command can name every store and still work
/// on one by an address of its own. Reads the stores once. Throws InputError that names the first difference; `spares`
/// are the sides that the actions are said not to need.
void require_untouched(const CheckContext& context, const StoreCopies& copies, const Parameters& parameters,
                       const std::set<std::string>& spares);

}  // namespace sluice::migration
