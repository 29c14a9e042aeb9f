#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "harness/core/exact_json.hpp"

namespace sluice {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Lexer {
  std::string_view rest;

  bool take(char c) {
    if (rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  std::string_view take_digits() {
    const auto end = std::find_if_not(rest.begin(), rest.end(), is_digit);
    const auto count = static_cast<std::size_t>(end - rest.begin());
    const auto digits = rest.substr(0, count);
    rest.remove_prefix(count);
    return digits;
  }
};

}  // namespace

std::optional<std::string> canonical_decimal(std::string_view lexeme) {
  Lexer lexer{lexeme};
  const bool negative = lexer.take('-');
  if (!negative) lexer.take('+');
  const std::string_view whole = lexer.take_digits();
  std::string_view fraction;
  if (lexer.take('.')) fraction = lexer.take_digits();
  if (whole.empty() && fraction.empty()) return std::nullopt;
  long long exponent = 0;
  if (lexer.take('e') || lexer.take('E')) {
    const bool minus = lexer.take('-');
    if (!minus) lexer.take('+');
    const std::string_view digits = lexer.take_digits();
    // An exponent beyond 15 digits is not a number that any system stores; refusing it keeps the arithmetic below
    // exact.
    if (digits.empty() || digits.size() > 15) return std::nullopt;
    std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (minus) exponent = -exponent;
  }
  if (!lexer.rest.empty()) return std::nullopt;

  std::string digits = std::string(whole) + std::string(fraction);
  exponent -= static_cast<long long>(fraction.size());
  const auto first = digits.find_first_not_of('0');
  if (first == std::string::npos) return "0";
  digits.erase(0, first);
  const auto last = digits.find_last_not_of('0');
  exponent += static_cast<long long>(digits.size() - last - 1);
  digits.erase(last + 1);
  std::string result = (negative ? "-" : "") + digits;
  if (exponent != 0) result += "e" + std::to_string(exponent);
  return result;
}

}  // namespace sluice
