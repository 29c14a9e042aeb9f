#pragma once
#include <cstdint>
#include <string_view>

namespace sluice {

/// The hash FNV-1a of 64 bits over `text`, begun with `seed` mixed in: the same from run to run and from machine to
/// machine. Anybody can make two texts meet.
constexpr std::uint64_t fnv1a(std::string_view text, std::uint64_t seed = 0) {
  std::uint64_t hash = 14695981039346656037U ^ seed;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}

}  // namespace sluice
