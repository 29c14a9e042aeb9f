#include "suites/migration/copies/untouched_stores.hpp"

#include <fmt/core.h>

#include "harness/core/errors.hpp"
#include "suites/migration/copies/copy_parameters.hpp"
#include "suites/migration/copies/store_state.hpp"

namespace sluice::migration {

void require_untouched(const CheckContext& context, const StoreCopies& copies, const Parameters& parameters,
                       const std::set<std::string>& spares) {
  const auto others = sides_of(parameters, "others_write");
  std::set<std::string> seen;
  for (const auto& base : copies.base_urls()) {
    const auto& side = base.first;
    if (others.contains(side) || !seen.insert(context.store(side)).second) continue;
    StateOptions options{.store = copies.options(), .work = context.work, .ignore = ignored_names(parameters)};
    options.materialized_views = false;
    options.reproduce = context.reproduce;
    const auto difference = compare_states({base}, {{side, context.store(side)}}, options);
    if (difference.none()) continue;
    const std::string_view why =
        spares.contains(side)
            ? "though `spares` says that they never touch it"
            : "so an action, or what it starts, works on it by an address that its command does not show";
    throw InputError(fmt::format(
        "the store {0} itself changed while actions ran on copies, {1} ({2} differences; first: {3}); name it in the "
        "action's command so that it can be pointed at a copy; if somebody else writes to it meanwhile, stop that, or "
        "say so: others_write: [{0}]",
        side, why, difference.total, difference.findings.front().summary));
  }
}

}  // namespace sluice::migration
