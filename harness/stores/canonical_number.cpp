#include "harness/stores/canonical_number.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>
#include <system_error>

#include "harness/core/exact_json.hpp"

namespace sluice::stores {
namespace {

using Storage = RawCell::Storage;

constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;

// Classes of a decimal, in the order of the numbers; PostgreSQL sorts NaN after everything.
enum DecimalClass : char { minus_infinity = 1, negative, zero, positive, plus_infinity, not_a_number };

void append_big_endian(std::uint64_t value, std::string& out) {
  std::array<char, 8> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(value >> (56 - 8 * i) & 0xFF);
  out.append(bytes.data(), bytes.size());
}

// No leading zeros, sign or blanks that a number would lose.
bool is_plain_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.empty() || text.front() < '0' || text.front() > '9') return false;
  return text.front() != '0' || text.size() == 1 || text[1] < '0' || text[1] > '9';
}

std::optional<std::size_t> append_special(std::string_view text, std::string& out) {
  if (text == "NaN" || text == "nan" || text == "-nan")
    out += DecimalClass::not_a_number;
  else if (text == "Infinity" || text == "inf")
    out += DecimalClass::plus_infinity;
  else if (text == "-Infinity" || text == "-inf")
    out += DecimalClass::minus_infinity;
  else
    return std::nullopt;
  return 0;
}

// A number of at most so many characters without an exponent, as nearly all are; false adds nothing.
std::optional<std::size_t> append_short_decimal(std::string_view text, std::string& out) {
  std::array<char, 40> digits;
  if (text.size() > digits.size()) return std::nullopt;
  const bool minus = text.front() == '-';
  std::size_t count = 0, leading = 0;
  std::optional<std::size_t> point;
  for (std::size_t i = minus ? 1 : 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.') {
      if (point || i + 1 == text.size()) return std::nullopt;
      point = count + leading;
    } else if (c < '0' || c > '9') {
      return std::nullopt;
    } else if (c == '0' && count == 0) {
      ++leading;
    } else {
      digits[count++] = c;
    }
  }
  const auto whole = static_cast<std::int64_t>(point.value_or(count + leading));
  while (count > 0 && digits[count - 1] == '0') --count;
  if (count == 0) {
    out += DecimalClass::zero;
    return 1;
  }
  const std::int64_t magnitude = whole - static_cast<std::int64_t>(leading);
  out += minus ? DecimalClass::negative : DecimalClass::positive;
  append_ordered(minus ? -magnitude : magnitude, out);
  if (minus) {
    for (std::size_t i = 0; i < count; ++i) digits[i] = static_cast<char>('9' - digits[i] + '0');
  }
  out.append(digits.data(), count);
  if (minus) out += '\xFF';  // of two negative numbers the one with more digits is smaller
  return count;
}

std::optional<std::size_t> append_decimal_text(std::string_view text, std::string& out) {
  if (!is_plain_number(text)) return append_special(text, out);
  if (const auto digits = append_short_decimal(text, out)) return digits;
  const auto canonical = canonical_decimal(text);  // digits without zeros at either end, then perhaps e and an exponent
  if (!canonical) return std::nullopt;
  if (*canonical == "0") {
    out += DecimalClass::zero;
    return 1;
  }
  std::string_view rest = *canonical;
  const bool minus = rest.starts_with('-');
  if (minus) rest.remove_prefix(1);
  const std::string_view digits = rest.substr(0, rest.find('e'));
  rest.remove_prefix(digits.size());
  std::int64_t exponent = 0;
  if (!rest.empty()) std::from_chars(rest.data() + 1, rest.data() + rest.size(), exponent);
  // The value is 0.DIGITS times ten to the magnitude: then magnitude and digits sort as the number does.
  const std::int64_t magnitude = exponent + static_cast<std::int64_t>(digits.size());
  out += minus ? DecimalClass::negative : DecimalClass::positive;
  append_ordered(minus ? -magnitude : magnitude, out);
  if (!minus) {
    out += digits;
    return digits.size();
  }
  for (const char c : digits) out += static_cast<char>('9' - c + '0');
  out += '\xFF';  // of two negative numbers the one with more digits is smaller
  return digits.size();
}

}  // namespace

void append_ordered(std::int64_t value, std::string& out) {
  append_big_endian(static_cast<std::uint64_t>(value) ^ sign_bit, out);
}

void append_ordered(double value, std::string& out) {
  if (value == 0) value = 0;
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  const auto bits = std::bit_cast<std::uint64_t>(value);
  append_big_endian((bits & sign_bit) != 0 ? ~bits : bits | sign_bit, out);
}

bool append_integer(const RawCell& cell, std::string& out) {
  std::int64_t value = cell.integer;
  switch (cell.storage) {
    case Storage::integer:
      break;
    case Storage::real:
      if (!(std::abs(cell.real) < 0x1p63) || cell.real != std::trunc(cell.real)) return false;
      value = static_cast<std::int64_t>(cell.real);
      break;
    case Storage::text: {
      const auto* const end = cell.bytes.data() + cell.bytes.size();
      if (!is_plain_number(cell.bytes) || cell.bytes == "-0") return false;
      const auto [last, failure] = std::from_chars(cell.bytes.data(), end, value);
      if (failure != std::errc() || last != end) return false;
      break;
    }
    default:
      return false;
  }
  append_ordered(value, out);
  return true;
}

std::optional<std::size_t> append_decimal(const RawCell& cell, std::string& out) {
  switch (cell.storage) {
    case Storage::integer:
      return append_decimal_text(std::to_string(cell.integer), out);
    case Storage::real: {
      std::array<char, 40> text;  // as shortest() writes it
      const auto* const end = std::to_chars(text.data(), text.data() + text.size(), cell.real).ptr;
      return append_decimal_text({text.data(), static_cast<std::size_t>(end - text.data())}, out);
    }
    case Storage::text:
      return append_decimal_text(cell.bytes, out);
    default:
      return std::nullopt;
  }
}

namespace {

constexpr std::size_t always_exact = 15;  // DBL_DIG: no two decimals of so many digits are one double

// A number with an even count of decimals, up to six, as money has; 0 when it is not so short. The division rounds
// once, so that equality says that this decimal reads as this double, and no other of as few digits does.
std::size_t write_few_decimals(double value, std::array<char, 40>& text) {
  for (std::int64_t unit = 100; unit <= 1'000'000; unit *= 100) {
    const double scaled = std::abs(value) * static_cast<double>(unit);
    if (!(scaled < 1e15)) return 0;
    const auto units = static_cast<std::int64_t>(scaled + 0.5);
    if (static_cast<double>(units) / static_cast<double>(unit) != std::abs(value)) continue;
    char* at = text.data();
    if (value < 0) *at++ = '-';
    at = std::to_chars(at, text.data() + text.size(), units / unit).ptr;
    std::int64_t rest = units % unit;
    if (rest != 0) *at++ = '.';
    for (std::int64_t digit = unit / 10; rest != 0; rest %= digit, digit /= 10) {
      *at++ = static_cast<char>('0' + rest / digit);
    }
    return static_cast<std::size_t>(at - text.data());
  }
  return 0;
}

}  // namespace

std::optional<std::string_view> usual_decimal(const RawCell& cell, std::array<char, 40>& text) {
  if (cell.storage == Storage::real && cell.real != 0) {
    if (const std::size_t size = write_few_decimals(cell.real, text)) return std::string_view(text.data(), size);
  }
  std::to_chars_result end{};
  if (cell.storage == Storage::integer) {
    end = std::to_chars(text.data(), text.data() + text.size(), cell.integer);
  } else if (cell.storage == Storage::real && cell.real != 0) {
    end = std::to_chars(text.data(), text.data() + text.size(), cell.real);
  } else {
    return std::nullopt;
  }
  const std::string_view shown(text.data(), static_cast<std::size_t>(end.ptr - text.data()));
  std::size_t digits = 0;
  for (const char c : shown) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && c != '-' && c != '.') return std::nullopt;  // an exponent, or no number
    digits += digit ? 1 : 0;
  }
  return digits <= always_exact ? std::optional(shown) : std::nullopt;
}

bool append_float(const RawCell& cell, bool single, std::string& out) {
  double value = cell.real;
  if (cell.storage == Storage::integer) {
    value = static_cast<double>(cell.integer);
    // Guards the conversion back: 2^63 itself does not fit.
    if (value >= 0x1p63 || static_cast<std::int64_t>(value) != cell.integer) return false;
  } else if (cell.storage == Storage::text) {
    const auto* const end = cell.bytes.data() + cell.bytes.size();
    const auto [last, failure] = std::from_chars(cell.bytes.data(), end, value);
    if (failure != std::errc() || last != end) return false;
  } else if (cell.storage != Storage::real) {
    return false;
  }
  append_ordered(single ? static_cast<double>(static_cast<float>(value)) : value, out);
  return true;
}

}  // namespace sluice::stores
