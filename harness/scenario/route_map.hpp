#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/parameters.hpp"

namespace sluice::scenario {

/// Where the old side's routes live on the new side. A key is "[METHOD ]/prefix" or, with {names}, a template of a
/// whole path; the value is written the same way. The most specific entry wins: templates before prefixes, longer
/// before shorter, with a method before without.
class RouteMap {
 public:
  RouteMap() = default;
  /// Throws InputError that names the entry.
  explicit RouteMap(const std::map<std::string, std::string>& routes);

  /// Rewrites an old method and path (with its query, perhaps with {{templates}}) into the new side's; returns the
  /// entry's key, or nullptr when none applies.
  const std::string* apply(std::string& method, std::string& path) const;
  /// The path of a link in an answer: entries of any method apply.
  std::optional<std::string> linked(std::string_view path) const;
  std::vector<std::string> keys() const;

  /// The parameter `routes`, as every kind that talks to both sides declares it.
  static ParameterSpec parameter();
  /// The map that checked parameters hold; an empty one when they have no `routes`.
  static RouteMap from(const Parameters& parameters);

 private:
  struct Side {
    std::string method;  ///< empty: any
    std::string path;
    std::vector<std::string> segments;
  };
  struct Entry {
    std::string key;
    Side from;
    Side to;
    bool whole = false;  ///< a template of the whole path; otherwise a prefix
  };
  static Side parse_side(const std::string& key, const std::string& text);
  static std::optional<std::string> rewritten(const Entry& entry, std::string_view path);

  std::vector<Entry> entries_;
};

}  // namespace sluice::scenario
