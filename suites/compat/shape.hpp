#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::compat {

/// What a value that changes from call to call still has to look like.
enum class ShapeKind {
  empty,
  uuid,
  instant,
  hex,
  integer,
  epoch_seconds,
  epoch_milliseconds,
  decimal,
  word,
  token,
  text
};

struct Shape {
  ShapeKind kind = ShapeKind::text;
  std::size_t length = 0;  ///< hex, token: characters
  char offset = 'Z';       ///< instant: 'Z' or '+'
  char separator = 'T';    ///< instant: between date and time
};

/// Shapes depend on the present: an integer is a time only if it says about now. `now` in seconds since 1970.
class ShapeReader {
 public:
  explicit ShapeReader(std::int64_t now) : now_(now) {}

  Shape of(std::string_view text) const;
  /// Whether `text` could be another value of that shape.
  bool fits(const Shape& shape, std::string_view text) const;
  /// Whether two calls could give this very value by chance: a time of this very moment, a small number, a short token.
  bool may_coincide(std::string_view text) const;
  /// A shape that both values have; `text` when they share none.
  Shape common(std::string_view left, std::string_view right) const;

 private:
  std::int64_t now_;
};

/// Shapes that machines make anew for each call; words and prose are not among them.
bool is_machine_made(const Shape& shape);
/// Long enough, and random enough, to name one entity and no other by accident.
bool is_long_id(const Shape& shape);
std::string describe(const Shape& shape);

}  // namespace sluice::compat
