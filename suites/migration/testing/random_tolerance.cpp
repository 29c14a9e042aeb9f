#include "suites/migration/testing/random_tolerance.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace sluice::migration {
namespace {

constexpr int decimal_places = 8;
// What a column of 32 bits holds on either side.
constexpr std::int64_t largest_integer = 2'147'483'647;

struct Choice {
  ValueKind kind;
  const char* text;
  std::int64_t limit;
  bool share;
};
// Integers count ones, decimals 1e-8, floats 64ths, timestamps microseconds.
constexpr std::array<Choice, 9> choices{{{ValueKind::integer, "3", 3, false},
                                         {ValueKind::integer, "1%", 10, true},
                                         {ValueKind::integer, "0.5%", 5, true},
                                         {ValueKind::decimal, "0.01", 1'000'000, false},
                                         {ValueKind::decimal, "1e-4", 10'000, false},
                                         {ValueKind::floating, "0.0625", 4, false},
                                         {ValueKind::floating, "0.1%", 1, true},
                                         {ValueKind::timestamp, "5ms", 5'000, false},
                                         {ValueKind::timestamp, "1s", 1'000'000, false}}};

}  // namespace

std::optional<RandomTolerance> RandomTolerance::of(ValueKind kind, RandomValues& random) {
  std::vector<Choice> fitting;
  std::copy_if(choices.begin(), choices.end(), std::back_inserter(fitting),
               [&](const Choice& choice) { return choice.kind == kind; });
  if (fitting.empty()) return std::nullopt;
  const Choice& choice = fitting[random.below(fitting.size())];
  return RandomTolerance(kind, choice.text, choice.limit, choice.share);
}

// A double keeps four decimal places of what random decimals are, and no more.
std::int64_t RandomTolerance::step() const { return kind_ == ValueKind::decimal ? 10'000 : 1; }

std::int64_t RandomTolerance::units(const Value& value) const {
  if (kind_ != ValueKind::decimal) return std::stoll(*value);
  std::string digits = *value;
  const auto point = digits.find('.');
  std::size_t places = 0;
  if (point != std::string::npos) {
    places = digits.size() - point - 1;
    digits.erase(point, 1);
  }
  return std::stoll(digits + std::string(decimal_places - places, '0'));
}

Value RandomTolerance::value_of(std::int64_t units) const {
  return kind_ == ValueKind::decimal ? decimal_text(units, decimal_places) : std::to_string(units);
}

bool RandomTolerance::near(std::int64_t left, std::int64_t right) const {
  const std::int64_t distance = std::abs(left - right);
  if (!share_) return distance <= limit_;
  return distance * 1000 <= limit_ * std::max(std::abs(left), std::abs(right));
}

bool RandomTolerance::allows(const Value& left, const Value& right) const {
  return left && right && near(units(left), units(right));
}

Value RandomTolerance::within(const Value& value, RandomValues& random) const {
  if (!value) return value;
  const std::int64_t before = units(value);
  const std::int64_t limit = share_ ? std::abs(before) * limit_ / 1000 : limit_;
  const auto steps = static_cast<std::uint64_t>(limit / step());
  const std::int64_t distance = static_cast<std::int64_t>(random.once_in(2) ? steps : random.below(steps + 1)) * step();
  std::int64_t after = before + (before < 0 ? -distance : distance);
  if (!share_ && random.once_in(2)) after = before - distance;
  if (kind_ == ValueKind::integer && std::abs(after) > largest_integer) return value;
  return value_of(after);
}

Value RandomTolerance::beyond(const Value& value) const {
  if (!value) return value;
  const std::int64_t before = units(value);
  std::int64_t distance = share_ ? std::abs(before) * limit_ / 1000 : limit_;
  while (near(before, before + distance)) distance += step();
  const std::int64_t after = before + distance;
  return kind_ == ValueKind::integer && std::abs(after) > largest_integer ? value : value_of(after);
}

}  // namespace sluice::migration
