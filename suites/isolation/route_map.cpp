#include "suites/isolation/route_map.hpp"

#include <fmt/core.h>

#include "harness/core/errors.hpp"

namespace sluice::isolation {
namespace {

bool begins_with_segments(const std::string& path, const std::string& prefix) {
  if (!path.starts_with(prefix)) return false;
  if (path.size() == prefix.size() || prefix.ends_with('/')) return true;
  return std::string_view("/?#").find(path[prefix.size()]) != std::string_view::npos;
}

}  // namespace

RouteMap::RouteMap(std::map<std::string, std::string> routes) : routes_(std::move(routes)) {
  for (const auto& [from, to] : routes_) {
    if (from.starts_with('/') && to.starts_with('/')) continue;
    throw InputError(fmt::format("route \"{}\": \"{}\" must map a path to a path; both begin with \"/\"", from, to));
  }
}

std::string RouteMap::rewritten(const std::string& path) const {
  const std::pair<const std::string, std::string>* best = nullptr;
  for (const auto& route : routes_) {
    if (!begins_with_segments(path, route.first)) continue;
    if (best == nullptr || route.first.size() > best->first.size()) best = &route;
  }
  return best == nullptr ? path : best->second + path.substr(best->first.size());
}

}  // namespace sluice::isolation
