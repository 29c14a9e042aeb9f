#include "suites/compat/compare_rules.hpp"

#include <algorithm>

#include "harness/core/glob.hpp"

namespace sluice::compat {
namespace {

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  if (from.empty()) return text;
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string mapped_link(const CompareRules& rules, std::string_view link) {
  std::string_view origin;
  if (!rules.new_origin.empty() && link.starts_with(rules.new_origin)) origin = rules.new_origin;
  const std::string_view path = link.substr(origin.size());
  if (!path.starts_with('/')) return std::string(link);
  const auto mapped = rules.routes.linked(path);
  return mapped ? std::string(origin) + *mapped : std::string(link);
}

}  // namespace

ArrayOrder CompareRules::order_of(std::string_view pointer) const {
  for (const auto& [place, order] : arrays) {
    if (place.matches(pointer)) return order;
  }
  return ArrayOrder::ordered;
}

std::optional<double> CompareRules::epsilon_of(std::string_view pointer) const {
  for (const auto& [place, epsilon] : epsilons) {
    if (place.matches(pointer)) return epsilon;
  }
  return std::nullopt;
}

const IdRule* CompareRules::id_rule(std::string_view pointer) const {
  const auto found =
      std::find_if(ids.begin(), ids.end(), [&](const IdRule& rule) { return rule.place.matches(pointer); });
  return found == ids.end() ? nullptr : &*found;
}

bool CompareRules::is_instant(std::string_view pointer) const {
  return std::any_of(instants.begin(), instants.end(), [&](const auto& place) { return place.matches(pointer); });
}

const IgnoreRule* CompareRules::ignored(std::string_view route, std::string_view place) const {
  for (const IgnoreRule& rule : ignores) {
    const auto path = route.substr(std::min(route.find(' ') + 1, route.size()));
    const bool here = rule.route.empty() || glob_matches(rule.route, route) || glob_matches(rule.route, path);
    if (here && rule.place.matches(place)) return &rule;
  }
  return nullptr;
}

std::string CompareRules::with_new_origin(std::string_view text) const {
  return replaced(std::string(text), old_origin, new_origin);
}

std::string CompareRules::with_new_routes(std::string_view text) const {
  const std::string here = with_new_origin(text);
  if (!here.starts_with('<')) return mapped_link(*this, here);
  std::string result;  // a Link header: <target>; parameters, <target>; parameters
  std::string_view rest = here;
  while (!rest.empty()) {
    const auto open = rest.find('<');
    const auto close = open == std::string_view::npos ? open : rest.find('>', open);
    if (close == std::string_view::npos) break;
    result += std::string(rest.substr(0, open + 1)) + mapped_link(*this, rest.substr(open + 1, close - open - 1));
    rest.remove_prefix(close);
  }
  return result + std::string(rest);
}

CompareRules make_rules(const Parameters& parameters) {
  CompareRules rules;
  rules.routes = scenario::RouteMap::from(parameters);
  for (const auto& entry : parameters.value("ignore")) {
    rules.ignores.push_back({.route = entry.value("route", ""),
                             .place = PointerPattern(entry.at("pointer").get<std::string>()),
                             .reason = entry.at("reason").get<std::string>()});
  }
  for (const auto& [place, order] : parameters.value("arrays").items()) {
    const auto text = order.get<std::string>();
    rules.arrays.emplace_back(PointerPattern(place), text == "set"   ? ArrayOrder::set
                                                     : text == "bag" ? ArrayOrder::bag
                                                                     : ArrayOrder::ordered);
  }
  for (const auto& [place, epsilon] : parameters.value("numbers").items()) {
    rules.epsilons.emplace_back(PointerPattern(place), epsilon.get<double>());
  }
  for (const std::string& text : parameters.texts("ids")) {
    const auto equals = text.find('=');
    const bool named = equals != std::string::npos && text.find('/') > equals;
    rules.ids.push_back(
        {.kind = named ? text.substr(0, equals) : "", .place = PointerPattern(named ? text.substr(equals + 1) : text)});
  }
  for (const std::string& text : parameters.texts("instants")) rules.instants.emplace_back(text);
  rules.headers = parameters.texts("headers");
  return rules;
}

}  // namespace sluice::compat
