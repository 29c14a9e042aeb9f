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
  std::string pattern;  ///< pointer with array indices as *
  std::size_t piece = 0;
  std::string shape;
};

/// The places where the old side disagrees with itself. Noise excuses a value, never its presence, type, shape or
/// number. What machines make (times, ids, numbers) is noisy on the whole route, since two calls may give the same one
/// by chance; words and prose are noisy only in the very step where they were seen to change, so that one changing
/// sentence does not excuse all others.
class Noise {
 public:
  /// For values without pieces.
  static constexpr std::size_t whole = static_cast<std::size_t>(-1);

  /// `prose`: the value is a piece of a sentence, and excused in its step only.
  void add(const NoiseScope& scope, const std::string& pattern, std::size_t piece, const Shape& shape, bool prose);
  /// The shape to hold the new value to, or nullptr when the place is quiet.
  const Shape* find(const NoiseScope& scope, const std::string& pattern, std::size_t piece) const;
  std::vector<NoisyPlace> places() const;
  std::size_t size() const { return shapes_.size(); }

 private:
  std::map<std::tuple<std::string, std::string, std::size_t>, Shape> shapes_;
};

}  // namespace sluice::compat
