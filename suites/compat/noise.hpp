#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "suites/compat/shape.hpp"

namespace sluice::compat {

/// Where in the corpus a value stands.
struct NoiseScope {
  std::string route;  ///< "GET /api/items/{id}"
  std::string step;   ///< the step's name
};

/// A place whose value changed between the two passes over the old side.
struct NoisyPlace {
  std::string scope;    ///< a route, or "step NAME"
  std::string pattern;  ///< on a route: pointer with array indices as *; in a step: the very pointer
  std::size_t piece = 0;
  std::string shape;
};

/// The places where the old side disagrees with itself. Noise excuses a value, never its presence, type, shape or
/// number. Present times and opaque tokens are noisy on the whole route, since two calls may give the same one by
/// chance; plain numbers, booleans, words and prose are noisy only in the very step and place where they were seen to
/// change, so that one changing value does not excuse all others.
class Noise {
 public:
  /// For values without pieces.
  static constexpr std::size_t whole = static_cast<std::size_t>(-1);

  /// `prose`: the value is a piece of a sentence, and excused in its step only.
  void add(const NoiseScope& scope, const std::string& pointer, const std::string& pattern, std::size_t piece,
           const Shape& shape, bool prose);
  /// The shape to hold the new value to, or nullptr when the place is quiet. `own` is the old value's kind: only a
  /// present time or an opaque token is excused by what other steps and neighbours do.
  const Shape* find(const NoiseScope& scope, const std::string& pointer, const std::string& pattern, std::size_t piece,
                    ShapeKind own) const;
  std::vector<NoisyPlace> places() const;
  std::size_t size() const { return shapes_.size(); }

 private:
  std::map<std::tuple<std::string, std::string, std::size_t>, Shape> shapes_;
};

}  // namespace sluice::compat
