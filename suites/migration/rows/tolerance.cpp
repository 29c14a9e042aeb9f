#include "suites/migration/rows/tolerance.hpp"

// GCC 12 sees copies beyond the end in the limbs of cpp_int, where there are none.
#pragma GCC diagnostic ignored "-Warray-bounds"
#pragma GCC diagnostic ignored "-Wstringop-overread"
#pragma GCC diagnostic ignored "-Wstringop-overflow"

#include <fmt/core.h>

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <charconv>
#include <chrono>
#include <optional>

#include "harness/core/errors.hpp"
#include "harness/core/exact_json.hpp"
#include "harness/core/parameters.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/instant.hpp"

namespace sluice::migration {
namespace {

using boost::multiprecision::cpp_int;
using stores::ComparisonType;
using stores::RawCell;
using Storage = RawCell::Storage;

constexpr std::int64_t largest_exponent = 5000;  // numbers beyond are never near one another

/// An exact number: digits times ten to the exponent.
struct Number {
  cpp_int digits;
  std::int64_t exponent = 0;
};

std::optional<Number> number_of(std::string_view text) {
  const auto canonical = canonical_decimal(text);
  if (!canonical) return std::nullopt;
  const auto e = std::min(canonical->find('e'), canonical->size());
  Number number{.digits = cpp_int(canonical->substr(0, e))};
  if (e < canonical->size()) {
    const auto* const end = canonical->data() + canonical->size();
    if (std::from_chars(canonical->data() + e + 1, end, number.exponent).ec != std::errc()) return std::nullopt;
  }
  if (number.exponent > largest_exponent || number.exponent < -largest_exponent) return std::nullopt;
  return number;
}

std::optional<Number> number_of(const RawCell& cell) {
  if (cell.storage == Storage::integer) return Number{.digits = cell.integer};
  if (cell.storage == Storage::real) return number_of(stores::shortest(cell.real));
  if (cell.storage == Storage::text) return number_of(cell.bytes);
  return std::nullopt;
}

cpp_int scaled(const Number& number, std::int64_t exponent) {
  return number.digits * boost::multiprecision::pow(cpp_int(10), static_cast<unsigned>(number.exponent - exponent));
}

bool is_readable(const RawCell& cell, const stores::ColumnRule& rule) {
  std::string encoding;
  stores::append_canonical(cell, rule, encoding);
  return !stores::is_raw_encoding(encoding);
}

std::optional<std::int64_t> microseconds_of(const RawCell& cell, const stores::TimeZone* zone) {
  constexpr std::int64_t second = 1'000'000, furthest = 9'000'000'000'000;
  if (cell.storage == Storage::integer) {
    if (cell.integer > furthest || cell.integer < -furthest) return std::nullopt;
    return cell.integer * second;
  }
  if (cell.storage != Storage::text || cell.bytes.ends_with("infinity")) return std::nullopt;
  const stores::Instant instant = stores::parse_timestamp(cell.bytes, zone);
  // Digits below a microsecond are cut here, which is what a tolerance is there for.
  using Reading = stores::Instant::Reading;
  if (instant.reading != Reading::good && instant.reading != Reading::too_fine) return std::nullopt;
  return instant.microseconds;
}

}  // namespace

Tolerance Tolerance::parse(const std::string& text) {
  Tolerance tolerance;
  tolerance.text_ = text;
  const auto refuse = [&](const char* why) {
    throw InputError(fmt::format("the tolerance '{}' {}; write an amount (0.01), a share (0.1%) or a time (1ms)",
                                 printable(text, 100), why));
  };
  if (const auto duration = parse_duration(text)) {
    tolerance.kind_ = Kind::time;
    tolerance.microseconds_ = std::chrono::duration_cast<std::chrono::microseconds>(*duration).count();
    if (tolerance.microseconds_ <= 0) refuse("tolerates nothing: it is less than a microsecond");
    return tolerance;
  }
  const bool share = text.ends_with('%');
  auto number = canonical_decimal(share ? text.substr(0, text.size() - 1) + "e-2" : text);
  if (!number || !number_of(*number)) refuse("is none");
  if (*number == "0" || number->starts_with('-')) refuse("tolerates nothing");
  tolerance.kind_ = share ? Kind::share : Kind::amount;
  tolerance.decimal_ = std::move(*number);
  return tolerance;
}

bool Tolerance::fits(ComparisonType type) const {
  if (kind_ == Kind::time) return type == ComparisonType::timestamp;
  return type == ComparisonType::integer || type == ComparisonType::decimal || type == ComparisonType::float4 ||
         type == ComparisonType::float8;
}

bool Tolerance::allows(const RawCell& old_cell, const stores::ColumnRule& old_rule, const RawCell& new_cell,
                       const stores::ColumnRule& new_rule) const {
  if (kind_ == Kind::time) {
    const auto left = microseconds_of(old_cell, old_rule.zone.get());
    const auto right = microseconds_of(new_cell, new_rule.zone.get());
    if (!left || !right) return false;
    // Unsigned, as the ends of what a timestamp can be are too far apart for a signed difference.
    return static_cast<std::uint64_t>(std::max(*left, *right)) - static_cast<std::uint64_t>(std::min(*left, *right)) <=
           static_cast<std::uint64_t>(microseconds_);
  }
  if (!is_readable(old_cell, old_rule) || !is_readable(new_cell, new_rule)) return false;
  const auto left = number_of(old_cell), right = number_of(new_cell), limit = number_of(decimal_);
  if (!left || !right || !limit) return false;
  const std::int64_t exponent = std::min({left->exponent, right->exponent, limit->exponent});
  const cpp_int a = scaled(*left, exponent), b = scaled(*right, exponent);
  const cpp_int distance = abs(cpp_int(a - b));
  if (kind_ == Kind::amount) return distance <= scaled(*limit, exponent);
  // distance <= limit * larger, where the limit is digits * 10^its exponent, which is negative or small.
  const cpp_int larger = std::max(cpp_int(abs(a)), cpp_int(abs(b)));
  if (limit->exponent >= 0) return distance <= scaled(*limit, 0) * larger;
  return distance * scaled(Number{.digits = 1}, limit->exponent) <= limit->digits * larger;
}

}  // namespace sluice::migration
