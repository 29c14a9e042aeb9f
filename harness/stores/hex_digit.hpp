#pragma once
#include <array>
#include <cstdint>

namespace sluice::stores {

inline constexpr auto hex_digits = [] {
  std::array<std::int8_t, 256> digits{};
  digits.fill(-1);
  for (int i = 0; i < 10; ++i) digits[static_cast<std::size_t>('0' + i)] = static_cast<std::int8_t>(i);
  for (int i = 0; i < 6; ++i) {
    digits[static_cast<std::size_t>('a' + i)] = digits[static_cast<std::size_t>('A' + i)] =
        static_cast<std::int8_t>(10 + i);
  }
  return digits;
}();

/// The value of a hexadecimal digit in either case; -1 when it is none.
inline int hex_digit(char c) { return hex_digits[static_cast<unsigned char>(c)]; }

}  // namespace sluice::stores
