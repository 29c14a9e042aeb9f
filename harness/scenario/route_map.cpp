#include "harness/scenario/route_map.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "harness/core/errors.hpp"

namespace sluice::scenario {
namespace {

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.starts_with('{') && segment.ends_with('}') && !segment.starts_with("{{");
}

// "/a/b" -> "", "a", "b".
std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> segments;
  while (true) {
    const auto end = path.find('/');
    segments.emplace_back(path.substr(0, end));
    if (end == std::string_view::npos) return segments;
    path.remove_prefix(end + 1);
  }
}

}  // namespace

ParameterSpec RouteMap::parameter() {
  return {
      .name = "routes",
      .type = ParameterType::map,
      .doc = "old route -> new route: a path prefix, or a template such as /api/items/{id}, optionally after a method",
      .default_text = "{}",
      .item = {{.name = "route", .type = ParameterType::text, .doc = "the route on the new side"}}};
}

RouteMap RouteMap::from(const Parameters& parameters) {
  if (!parameters.has("routes")) return {};
  return RouteMap(parameters.value("routes").get<std::map<std::string, std::string>>());
}

RouteMap::Side RouteMap::parse_side(const std::string& key, const std::string& text) {
  Side side;
  const auto blank = text.find(' ');
  if (blank != std::string::npos) side.method = text.substr(0, blank);
  side.path = blank == std::string::npos ? text : text.substr(blank + 1);
  const bool capitals = side.method.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == std::string::npos;
  if (side.path.empty() || side.path.front() != '/' || !capitals ||
      side.path.find_first_of(" ?#") != std::string::npos) {
    throw InputError(
        fmt::format("routes: \"{}\": \"{}\" is not a route; write \"/path\" or \"GET /path/{{id}}\"", key, text));
  }
  while (side.path.size() > 1 && side.path.back() == '/') side.path.pop_back();
  side.segments = split_path(side.path);
  return side;
}

RouteMap::RouteMap(const std::map<std::string, std::string>& routes) {
  for (const auto& [key, value] : routes) {
    Entry entry{.key = key, .from = parse_side(key, key), .to = parse_side(key, value), .whole = false};
    entry.whole = std::any_of(entry.from.segments.begin(), entry.from.segments.end(), is_parameter);
    for (const std::string& segment : entry.to.segments) {
      const bool known =
          std::find(entry.from.segments.begin(), entry.from.segments.end(), segment) != entry.from.segments.end();
      if (is_parameter(segment) && !known) {
        throw InputError(fmt::format("routes: \"{}\": {} of \"{}\" is not in the old route", key, segment, value));
      }
    }
    entries_.push_back(std::move(entry));
  }
  std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& left, const Entry& right) {
    const auto rank = [](const Entry& entry) {
      return std::tuple(entry.whole, entry.from.segments.size(), entry.from.path.size(), !entry.from.method.empty());
    };
    return rank(left) > rank(right);
  });
}

std::optional<std::string> RouteMap::rewritten(const Entry& entry, std::string_view path) {
  const auto query = path.find_first_of("?#");
  const std::string rest(query == std::string_view::npos ? "" : path.substr(query));
  const auto segments = split_path(path.substr(0, query));
  const auto& pattern = entry.from.segments;
  const bool root = entry.from.path == "/";
  if (entry.whole ? segments.size() != pattern.size() : (!root && segments.size() < pattern.size()))
    return std::nullopt;
  std::map<std::string, std::string> bound;
  for (std::size_t i = 0; i < pattern.size() && !root; ++i) {
    if (is_parameter(pattern[i]) && !segments[i].empty())
      bound[pattern[i]] = segments[i];
    else if (pattern[i] != segments[i])
      return std::nullopt;
  }
  std::string result;
  for (std::size_t i = 1; i < entry.to.segments.size(); ++i) {
    const std::string& segment = entry.to.segments[i];
    if (entry.to.path == "/") break;
    const auto value = bound.find(segment);
    result += "/" + (value == bound.end() ? segment : value->second);
  }
  for (std::size_t i = root ? 1 : pattern.size(); i < segments.size(); ++i) result += "/" + segments[i];
  if (result.empty()) result = "/";
  return result + rest;
}

const std::string* RouteMap::apply(std::string& method, std::string& path) const {
  for (const Entry& entry : entries_) {
    if (!entry.from.method.empty() && entry.from.method != method) continue;
    auto mapped = rewritten(entry, path);
    if (!mapped) continue;
    path = std::move(*mapped);
    if (!entry.to.method.empty()) method = entry.to.method;
    return &entry.key;
  }
  return nullptr;
}

std::optional<std::string> RouteMap::linked(std::string_view path) const {
  for (const Entry& entry : entries_) {
    if (auto mapped = rewritten(entry, path)) return mapped;
  }
  return std::nullopt;
}

std::vector<std::string> RouteMap::keys() const {
  std::vector<std::string> keys;
  for (const Entry& entry : entries_) keys.push_back(entry.key);
  return keys;
}

}  // namespace sluice::scenario
