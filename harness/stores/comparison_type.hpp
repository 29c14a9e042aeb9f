#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::stores {

/// What the two cells of a column pair are read as before they are compared.
enum class ComparisonType : std::uint8_t {
  exact,      ///< storage class and bytes as they are: columns without a declared type
  boolean,    ///< true/false, 1/0, t/f
  integer,    ///< 64-bit
  decimal,    ///< exact decimals of any size; trailing zeros do not count
  float4,     ///< by IEEE bits after rounding to 32 bits; -0 is 0, every NaN is the same
  float8,     ///< by IEEE bits; -0 is 0, every NaN is the same
  text,       ///< bytes
  character,  ///< char(n): trailing blanks do not count
  bytes,
  timestamp,  ///< an instant in microseconds
  date,
  time,  ///< of day, in microseconds UTC
  uuid,
  json  ///< members in any order, numbers as exact decimals
};

std::string_view to_string(ComparisonType type);
std::optional<ComparisonType> parse_comparison_type(std::string_view name);
/// All names, for messages and parameter choices.
std::vector<std::string> comparison_type_names();

/// The type both sides are compared as when the plan does not say: the more specific of the two. nullopt when the two
/// have no common reading (an integer and a UUID): the plan must choose then.
std::optional<ComparisonType> common_type(ComparisonType left, ComparisonType right);

/// What a declared SQLite column type means: well-known names first (BOOLEAN, DATETIME, UUID, JSON), then SQLite's
/// affinity rules; an empty declaration is `exact`.
ComparisonType sqlite_type(std::string_view declared);
/// What a PostgreSQL base type (pg_type.typname) means; everything unknown is compared as its text.
ComparisonType postgres_type(std::string_view type_name);

}  // namespace sluice::stores
