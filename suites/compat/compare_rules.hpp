#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/parameters.hpp"
#include "harness/scenario/route_map.hpp"
#include "suites/compat/pointer_pattern.hpp"

namespace sluice::compat {

enum class ArrayOrder { ordered, set, bag };

/// A difference that somebody accepted, with the reason.
struct IgnoreRule {
  std::string route;  ///< glob over "GET /api/items/{id}" or its path; empty: all
  PointerPattern place;
  std::string reason;
};

/// A declared id; ids of one kind are mapped together, so that references between routes are checked.
struct IdRule {
  std::string kind;  ///< "" when the name of the place shall say
  PointerPattern place;
};

/// How the two sides' answers are compared: the parameters of the check, checked and ready to use.
struct CompareRules {
  scenario::RouteMap routes;
  std::vector<IgnoreRule> ignores;
  std::vector<std::pair<PointerPattern, ArrayOrder>> arrays;
  std::vector<std::pair<PointerPattern, double>> epsilons;
  std::vector<IdRule> ids;
  std::vector<PointerPattern> instants;
  std::vector<std::string> headers;
  std::string old_origin;  ///< base URL of the old side; links to it are compared as links to the new one
  std::string new_origin;
  std::int64_t now = 0;  ///< seconds since 1970, to know a present time when it is one

  ArrayOrder order_of(std::string_view pointer) const;
  std::optional<double> epsilon_of(std::string_view pointer) const;
  const IdRule* id_rule(std::string_view pointer) const;
  bool is_instant(std::string_view pointer) const;
  /// The first rule that covers the place, or nullptr.
  const IgnoreRule* ignored(std::string_view route, std::string_view place) const;

  /// The old side's text with links to itself turned into links to the new side.
  std::string with_new_origin(std::string_view text) const;
  /// The same, and where the text is a path, a URL or a Link header, with its routes mapped.
  std::string with_new_routes(std::string_view text) const;
};

/// From the check's parameters; throws InputError for what cannot be used.
CompareRules make_rules(const Parameters& parameters);

}  // namespace sluice::compat
