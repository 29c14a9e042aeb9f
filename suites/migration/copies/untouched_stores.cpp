#include "suites/migration/copies/untouched_stores.hpp"

#include <fmt/core.h>

#include <filesystem>
#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/store_url.hpp"
#include "suites/migration/copies/copy_parameters.hpp"
#include "suites/migration/copies/store_objects.hpp"
#include "suites/migration/copies/store_state.hpp"

namespace sluice::migration {
namespace {

/// The first difference of a store from what it was, and how many there are.
struct StoreChange {
  std::uint64_t total = 0;
  std::string first;
};

// Compared with what it was itself: a copy made by dump and restore words some of it in another way.
StoreChange schema_change(const std::set<std::string>& before, const std::set<std::string>& after) {
  StoreChange change;
  const auto note = [&](const std::string& line, const char* what) {
    if (change.total++ == 0) change.first = printable(line, 300) + what;
  };
  for (const auto& line : before) {
    if (!after.contains(line)) note(line, " is no longer there");
  }
  for (const auto& line : after) {
    if (!before.contains(line)) note(line, " is new");
  }
  return change;
}

// `base` is a side and what its copies start as.
StoreChange change_of(const CheckContext& context, const StoreCopies& copies, const Parameters& parameters,
                      const std::pair<const std::string, std::string>& base) {
  const std::string& side = base.first;
  const std::string& url = context.store(side);
  if (!copies.schema(side)) {
    std::error_code unknown;
    const auto path = copies.options().directory / url.substr(stores::sqlite_scheme.size());
    if (!std::filesystem::exists(path, unknown)) return {};
    return {.total = 1, .first = "it was not there before"};
  }
  const StoreObjects now = read_objects(url, copies.options());
  StoreChange change = schema_change(*copies.schema(side), now.schema);
  if (change.total > 0) return change;
  change = schema_change(copies.server(side), now.server);
  if (change.total > 0) {
    change.first +=
        "; roles, tablespaces, and settings of databases and of the server belong to the server, which copies share: "
        "let an "
        "earlier action make them";
    return change;
  }
  StateOptions options{.store = copies.options(), .work = context.work, .ignore = ignored_names(parameters)};
  options.schema = false;
  options.materialized_views = false;
  options.reproduce = context.reproduce;
  const auto difference = compare_states({base}, {{side, url}}, options);
  if (difference.none()) return {};
  return {.total = difference.total, .first = difference.findings.front().summary};
}

}  // namespace

void require_untouched(const CheckContext& context, const StoreCopies& copies, const Parameters& parameters,
                       const std::set<std::string>& spares) {
  const auto others = sides_of(parameters, "others_write");
  std::set<std::string> seen;
  for (const auto& base : copies.base_urls()) {
    const auto& side = base.first;
    if (others.contains(side) || !seen.insert(context.store(side)).second) continue;
    const StoreChange change = change_of(context, copies, parameters, base);
    if (change.total == 0) continue;
    const std::string_view why =
        spares.contains(side)
            ? "though `spares` says that they never touch it"
            : "so an action, or what it starts, works on it by an address that its command does not show";
    throw InputError(fmt::format(
        "the store {0} itself changed while actions ran on copies, {1} ({2} differences; first: {3}); name it in the "
        "action's command so that it can be pointed at a copy; if somebody else writes to it meanwhile, stop that, or "
        "say so: others_write: [{0}]",
        side, why, change.total, change.first));
  }
}

}  // namespace sluice::migration
