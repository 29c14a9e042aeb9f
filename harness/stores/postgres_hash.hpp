#pragma once
#include <cstdint>
#include <string_view>

namespace sluice::stores {

/// PostgreSQL's own hash functions, bit for bit (Bob Jenkins's lookup3 with a 64-bit seed, as the server has had it
/// since version 11): what they give here is what the function of that name gives there. Their equality with the server
/// in use is probed before anything relies on it.

/// hashtextextended (of UTF-8 in C collation) and uuid_hash_extended.
std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed);
/// hashint4extended.
std::uint64_t hash_int4(std::int32_t value, std::uint64_t seed);
/// hashint8extended. It folds the value to 32 bits: hash with `seed ^ value` to keep all 64.
std::uint64_t hash_int8(std::int64_t value, std::uint64_t seed);
/// hashfloat8extended. Zero, of either sign, gives the seed itself.
std::uint64_t hash_float8(double value, std::uint64_t seed);

}  // namespace sluice::stores
