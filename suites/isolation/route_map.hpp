#pragma once
#include <map>
#include <string>

namespace sluice::isolation {

/// Rewrites the beginning of a path: "/api/search" -> "/v2/search". The longest prefix that ends where a segment ends
/// wins; the rest, with query and templates, stays.
class RouteMap {
 public:
  RouteMap() = default;
  /// Throws InputError for a prefix or a replacement that does not begin with "/".
  explicit RouteMap(std::map<std::string, std::string> routes);

  std::string rewritten(const std::string& path) const;

 private:
  std::map<std::string, std::string> routes_;
};

}  // namespace sluice::isolation
