#include "suites/migration/copies/spared_stores.hpp"

#include <fmt/core.h>

#include "harness/core/errors.hpp"
#include "suites/migration/copies/store_state.hpp"

namespace sluice::migration {

void require_untouched(const CheckContext& context, const StoreCopies& copies, const std::set<std::string>& spares) {
  const auto bases = copies.base_urls();
  for (const auto& side : spares) {
    const auto base = bases.find(side);
    if (base == bases.end()) throw InputError(fmt::format("spares: the plan has no store '{}'", side));
    StateOptions options{.store = copies.options(), .work = context.work};
    options.materialized_views = false;
    options.reproduce = context.reproduce;
    const auto difference = compare_states({*base}, {{side, context.store(side)}}, options);
    if (difference.none()) continue;
    throw InputError(fmt::format(
        "the store {} itself changed while actions ran on copies, though `spares` says that they never touch it ({} "
        "differences; first: {}); name it in the action's command so that it can be pointed at a copy, or let nobody "
        "write to it meanwhile",
        side, difference.total, difference.findings.front().summary));
  }
}

}  // namespace sluice::migration
