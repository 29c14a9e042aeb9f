#pragma once
#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "harness/stores/store.hpp"

namespace sluice::migration {

/// What a random column holds, apart from how either side declares it.
enum class ValueKind : std::uint8_t {
  integer,
  decimal,      ///< of digits that a double keeps
  big_decimal,  ///< of more digits than that
  floating,
  text,
  character,
  boolean,
  timestamp,
  date,
  time,
  uuid,
  json,
  bytes
};
inline constexpr std::uint64_t value_kinds = 13;

/// A value as a test knows it: two are equal exactly when their texts are. nullopt is NULL.
using Value = std::optional<std::string>;

/// A value as one side is given it.
struct Written {
  std::string literal;  ///< for an SQL statement
  std::string shown;    ///< what a finding prints when the cell belongs to a key; right for kinds that may be keys
};

/// Random values and random spellings of them, all from one generator.
class RandomValues {
 public:
  explicit RandomValues(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool once_in(std::uint64_t times) { return below(times) == 0; }

  Value value(ValueKind kind);
  /// A value that is not `than`, often nearly the same.
  Value other(ValueKind kind, const Value& than, bool nullable);
  /// A column type of `engine` that holds the kind.
  std::string declared(ValueKind kind, stores::Engine engine, bool key);
  /// One of the spellings that `engine` stores in a column declared so.
  Written write(const Value& value, ValueKind kind, stores::Engine engine, const std::string& declared);

 private:
  std::string some_text();
  std::string near_miss(ValueKind kind, const std::string& value);
  std::string json_value(int depth);
  Written write_decimal(const std::string& value, stores::Engine engine, const std::string& declared);
  Written write_boolean(bool value, stores::Engine engine);
  Written write_timestamp(std::int64_t microseconds, stores::Engine engine, const std::string& declared);
  Written write_time(std::int64_t microseconds, stores::Engine engine, const std::string& declared);
  Written write_uuid(const std::string& digits, stores::Engine engine, const std::string& declared);
  std::string write_json(const std::string& value);

  std::mt19937_64 random_;
};

/// Digits with so many decimal places, without zeros that say nothing: -1200 and 2 make "-12".
std::string decimal_text(std::int64_t digits, int scale);
/// What both sides of such a column are compared as.
stores::ComparisonType comparison_type(ValueKind kind);
/// Whether findings print such a value in a key as `Written::shown` says.
bool can_be_key(ValueKind kind);

}  // namespace sluice::migration
