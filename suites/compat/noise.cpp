#include "suites/compat/noise.hpp"

namespace sluice::compat {
namespace {

std::string step_scope(const NoiseScope& scope) { return "step " + scope.step; }

}  // namespace

void Noise::add(const NoiseScope& scope, const std::string& pattern, std::size_t piece, const Shape& shape,
                bool prose) {
  const bool everywhere = is_machine_made(shape) && piece != whole && !prose;
  const auto [known, fresh] =
      shapes_.try_emplace({everywhere ? scope.route : step_scope(scope), pattern, piece}, shape);
  if (fresh) return;
  // Seen with two shapes: the looser one holds.
  if (known->second.kind != shape.kind) {
    const bool numbers = shape.kind == ShapeKind::decimal || known->second.kind == ShapeKind::decimal;
    known->second = {.kind = numbers ? ShapeKind::decimal : ShapeKind::text};
  }
}

const Shape* Noise::find(const NoiseScope& scope, const std::string& pattern, std::size_t piece) const {
  for (const std::string& where : {step_scope(scope), scope.route}) {
    const auto found = shapes_.find({where, pattern, piece});
    if (found != shapes_.end()) return &found->second;
  }
  return nullptr;
}

std::vector<NoisyPlace> Noise::places() const {
  std::vector<NoisyPlace> places;
  for (const auto& [key, shape] : shapes_) {
    places.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), describe(shape)});
  }
  return places;
}

}  // namespace sluice::compat
