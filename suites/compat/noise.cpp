#include "suites/compat/noise.hpp"

namespace sluice::compat {
namespace {

std::string step_scope(const NoiseScope& scope) { return "step " + scope.step; }

bool is_fresh(ShapeKind kind) {
  switch (kind) {
    case ShapeKind::uuid:
    case ShapeKind::instant:
    case ShapeKind::hex:
    case ShapeKind::epoch_seconds:
    case ShapeKind::epoch_milliseconds:
    case ShapeKind::token:
      return true;
    default:
      return false;
  }
}

}  // namespace

void Noise::add(const NoiseScope& scope, const std::string& pointer, const std::string& pattern, std::size_t piece,
                const Shape& shape, bool prose) {
  const bool everywhere = is_fresh(shape.kind) && piece != whole && !prose;
  const auto [known, fresh] =
      shapes_.try_emplace({everywhere ? scope.route : step_scope(scope), everywhere ? pattern : pointer, piece}, shape);
  if (fresh) return;
  // Seen with two shapes: the looser one holds.
  if (known->second.kind != shape.kind) {
    const bool numbers = shape.kind == ShapeKind::decimal || known->second.kind == ShapeKind::decimal;
    known->second = {.kind = numbers ? ShapeKind::decimal : ShapeKind::text};
  }
}

const Shape* Noise::find(const NoiseScope& scope, const std::string& pointer, const std::string& pattern,
                         std::size_t piece, ShapeKind own) const {
  const auto here = shapes_.find({step_scope(scope), pointer, piece});
  if (here != shapes_.end()) return &here->second;
  if (!is_fresh(own)) return nullptr;
  const auto anywhere = shapes_.find({scope.route, pattern, piece});
  return anywhere == shapes_.end() ? nullptr : &anywhere->second;
}

std::vector<NoisyPlace> Noise::places() const {
  std::vector<NoisyPlace> places;
  for (const auto& [key, shape] : shapes_) {
    places.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), describe(shape)});
  }
  return places;
}

}  // namespace sluice::compat
