#include "harness/stores/postgres_hash.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace sluice::stores {
namespace {

/// The state of lookup3.
struct State {
  std::uint32_t a, b, c;

  State(std::uint32_t length, std::uint64_t seed) {
    a = b = c = 0x9e3779b9U + length + 3923095U;
    if (seed == 0) return;
    a += static_cast<std::uint32_t>(seed >> 32);
    b += static_cast<std::uint32_t>(seed);
    mix();
  }

  void mix() {
    a -= c, a ^= std::rotl(c, 4), c += b;
    b -= a, b ^= std::rotl(a, 6), a += c;
    c -= b, c ^= std::rotl(b, 8), b += a;
    a -= c, a ^= std::rotl(c, 16), c += b;
    b -= a, b ^= std::rotl(a, 19), a += c;
    c -= b, c ^= std::rotl(b, 4), b += a;
  }

  std::uint64_t finish() {
    c ^= b, c -= std::rotl(b, 14);
    a ^= c, a -= std::rotl(c, 11);
    b ^= a, b -= std::rotl(a, 25);
    c ^= b, c -= std::rotl(b, 16);
    a ^= c, a -= std::rotl(c, 4);
    b ^= a, b -= std::rotl(a, 14);
    c ^= b, c -= std::rotl(b, 24);
    return std::uint64_t{b} << 32 | c;
  }
};

std::uint32_t word(const char* bytes) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

// Up to seven bytes as a little-endian number, by loads of fixed sizes that overlap.
std::uint64_t up_to_seven(const char* bytes, std::size_t count) {
  if (count >= 4) return word(bytes) | static_cast<std::uint64_t>(word(bytes + count - 4)) << (8 * (count - 4));
  if (count == 0) return 0;
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  };
  return byte(0) | byte(count / 2) | byte(count - 1);
}

}  // namespace

static_assert(std::endian::native == std::endian::little, "the hash reads words as a little-endian server does");

std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed) {
  State state(static_cast<std::uint32_t>(bytes.size()), seed);
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 12; at += 12, left -= 12) {
    state.a += word(at);
    state.b += word(at + 4);
    state.c += word(at + 8);
    state.mix();
  }
  // The last up to eleven bytes; the lowest byte of c belongs to the length.
  if (left >= 8) {
    state.a += word(at);
    state.b += word(at + 4);
    state.c += static_cast<std::uint32_t>(up_to_seven(at + 8, left - 8)) << 8;
  } else {
    const std::uint64_t tail = up_to_seven(at, left);
    state.a += static_cast<std::uint32_t>(tail);
    state.b += static_cast<std::uint32_t>(tail >> 32);
  }
  return state.finish();
}

std::uint64_t hash_int4(std::int32_t value, std::uint64_t seed) {
  State state(sizeof(std::uint32_t), seed);
  state.a += static_cast<std::uint32_t>(value);
  return state.finish();
}

std::uint64_t hash_int8(std::int64_t value, std::uint64_t seed) {
  const auto bits = static_cast<std::uint64_t>(value);
  const auto high = static_cast<std::uint32_t>(bits >> 32);
  const std::uint32_t folded = static_cast<std::uint32_t>(bits) ^ (value >= 0 ? high : ~high);
  return hash_int4(static_cast<std::int32_t>(folded), seed);
}

std::uint64_t hash_float8(double value, std::uint64_t seed) {
  if (value == 0) return seed;
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  return hash_bytes({bytes, sizeof bytes}, seed);
}

}  // namespace sluice::stores
