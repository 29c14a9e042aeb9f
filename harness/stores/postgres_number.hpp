#pragma once
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

namespace sluice::stores {

/// A number of a server's answer; zero for NULL.
template <typename Integer>
Integer read_integer(const std::optional<std::string>& text) {
  Integer value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

/// The sum of 64-bit numbers, of which the server kept all digits, modulo 2^64.
inline std::uint64_t read_sum(const std::optional<std::string>& text) {
  std::uint64_t value = 0;
  if (!text) return value;
  for (const char c : *text) {
    if (c >= '0' && c <= '9') value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return text->starts_with('-') ? 0 - value : value;
}

}  // namespace sluice::stores
