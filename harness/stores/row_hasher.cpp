#include "harness/stores/row_hasher.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "harness/stores/canonical_number.hpp"
#include "harness/stores/instant.hpp"
#include "harness/stores/jsonb_text.hpp"
#include "harness/stores/postgres_hash.hpp"

namespace sluice::stores {
namespace {

constexpr char value_tag = 1;

std::uint64_t bits(std::int64_t value) { return static_cast<std::uint64_t>(value); }

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// Back from the encodings that sort as bytes.
std::int64_t ordered_integer(std::string_view bytes) {
  return static_cast<std::int64_t>(big_endian(bytes) ^ std::uint64_t{1} << 63);
}

double ordered_double(std::string_view bytes) {
  const std::uint64_t value = big_endian(bytes);
  const std::uint64_t sign = std::uint64_t{1} << 63;
  return std::bit_cast<double>((value & sign) != 0 ? value ^ sign : ~value);
}

// The digits as PostgreSQL shows them; false when there are more than it can hold.
bool append_decimal_shown(std::string_view encoding, std::string& text) {
  enum Class : char { minus_infinity = 1, negative, zero, positive, plus_infinity, not_a_number };
  constexpr std::int64_t most_digits = 200'000;
  switch (encoding.front()) {
    case Class::minus_infinity:
      text += "-Infinity";
      return true;
    case Class::plus_infinity:
      text += "Infinity";
      return true;
    case Class::not_a_number:
      text += "NaN";
      return true;
    case Class::zero:
      text += '0';
      return true;
    default:
      break;
  }
  // 0.DIGITS times ten to the magnitude; of a negative number both are complements, so that they sort.
  const bool minus = encoding.front() == Class::negative;
  const std::int64_t magnitude =
      minus ? -ordered_integer(encoding.substr(1, 8)) : ordered_integer(encoding.substr(1, 8));
  std::string_view digits = encoding.substr(9);
  if (minus) digits.remove_suffix(1);
  if (magnitude > most_digits || magnitude < -most_digits) return false;
  if (minus) text += '-';
  const auto count = static_cast<std::int64_t>(digits.size());
  if (magnitude <= 0) {
    text += "0.";
    text.append(static_cast<std::size_t>(-magnitude), '0');
  }
  const std::size_t begin = text.size();
  text += digits;
  if (minus) {
    for (std::size_t i = begin; i < text.size(); ++i) text[i] = static_cast<char>('9' - (text[i] - '0'));
  }
  if (magnitude > 0 && magnitude < count) text.insert(begin + static_cast<std::size_t>(magnitude), 1, '.');
  if (magnitude > count) text.append(static_cast<std::size_t>(magnitude - count), '0');
  return true;
}

// The eight hexadecimal digits of a number in the bytes of a word, the first in the lowest; made at once, as what is
// written byte by byte cannot be read as words right after.
std::uint64_t hexadecimal_word(std::uint32_t value) {
  std::uint64_t digits = __builtin_bswap32(value);
  digits = (digits | digits << 16) & 0x0000FFFF0000FFFF;
  digits = (digits | digits << 8) & 0x00FF00FF00FF00FF;
  digits = (digits >> 4 & 0x000F000F000F000F) | (digits & 0x000F000F000F000F) << 8;
  const std::uint64_t letters = (digits + 0x0606060606060606) >> 4 & 0x0101010101010101;
  return digits + 0x3030303030303030 + letters * ('a' - '0' - 10);
}

// What timestamptz_send gives, as hexadecimal digits: microseconds since 2000, infinities as they are.
std::array<char, 16> sent_timestamp(std::int64_t microseconds) {
  constexpr std::int64_t year_2000 = 946'684'800'000'000;
  constexpr auto most = std::numeric_limits<std::int64_t>::max(), least = std::numeric_limits<std::int64_t>::min();
  const bool finite = microseconds != most && microseconds != least;
  const std::uint64_t value = bits(microseconds) - (finite ? bits(year_2000) : 0);
  std::array<char, 16> digits;
  const std::array<std::uint64_t, 2> words{hexadecimal_word(static_cast<std::uint32_t>(value >> 32)),
                                           hexadecimal_word(static_cast<std::uint32_t>(value))};
  std::memcpy(digits.data(), words.data(), digits.size());
  return digits;
}

std::uint64_t hash_timestamp(std::int64_t microseconds, std::uint64_t seed) {
  const auto digits = sent_timestamp(microseconds);
  return hash_bytes({digits.data(), digits.size()}, seed);
}

std::int32_t clamped_day(std::int64_t day) {
  if (day == std::numeric_limits<std::int64_t>::max()) return std::numeric_limits<std::int32_t>::max();
  if (day == std::numeric_limits<std::int64_t>::min()) return std::numeric_limits<std::int32_t>::min();
  return static_cast<std::int32_t>(day);
}

bool fits_int4(std::int64_t value) {
  return value >= std::numeric_limits<std::int32_t>::min() && value <= std::numeric_limits<std::int32_t>::max();
}

// What PostgreSQL hashes in the place of a NULL, whose bit says that it is one.
std::uint64_t hash_absent(HashForm form, std::uint64_t seed) {
  switch (form) {
    case HashForm::int4:
    case HashForm::date:
      return hash_int4(0, seed);
    case HashForm::int8:
      return hash_int8(0, seed);
    case HashForm::float8:
      return hash_float8(0, seed);
    case HashForm::uuid:
      return hash_bytes(std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16), seed);
    default:
      return hash_bytes({}, seed);
  }
}

// What nearly all cells are, without the way through their encoding; nullopt is for the others.
std::optional<std::uint64_t> hash_usual(const RawCell& cell, HashForm form, const ColumnRule& rule,
                                        std::uint64_t seed) {
  using Storage = RawCell::Storage;
  switch (form) {
    case HashForm::text:
      if (rule.type != ComparisonType::text || cell.storage != Storage::text) break;
      if (!is_plain_text(cell.bytes)) break;
      return hash_bytes(cell.bytes, seed);
    case HashForm::int8:
      if (rule.type != ComparisonType::integer || cell.storage != Storage::integer) break;
      return hash_int8(cell.integer, seed ^ bits(cell.integer));
    case HashForm::int4:
      if (rule.type != ComparisonType::integer || cell.storage != Storage::integer) break;
      if (!fits_int4(cell.integer)) break;
      return hash_int4(static_cast<std::int32_t>(cell.integer), seed);
    case HashForm::numeric: {
      std::array<char, 40> room;
      if (rule.type != ComparisonType::decimal || rule.single_precision) break;
      const auto shown = usual_decimal(cell, room);
      if (!shown) break;
      return hash_bytes(*shown, seed);
    }
    case HashForm::uuid: {
      std::array<char, 16> bytes;
      if (rule.type != ComparisonType::uuid || cell.storage != Storage::text) break;
      if (!read_usual_uuid(cell.bytes, bytes)) break;
      return hash_bytes({bytes.data(), bytes.size()}, seed);
    }
    case HashForm::timestamp: {
      if (rule.type != ComparisonType::timestamp || cell.storage != Storage::text) break;
      const Instant instant = parse_timestamp(cell.bytes, rule.zone.get());
      if (instant.reading != Instant::Reading::good) break;
      return hash_timestamp(instant.microseconds, seed);
    }
    default:
      break;
  }
  return std::nullopt;
}

}  // namespace

RowHasher::RowHasher(HashPlan plan, const Partition& partition, std::vector<ColumnRule> rules, std::uint64_t salt)
    : plan_(std::move(plan)),
      partition_(partition),
      rules_(std::move(rules)),
      salt_(salt),
      digests_(partition.buckets) {}

std::uint64_t RowHasher::hash_cell(const RawCell& cell, HashForm form, const ColumnRule& rule, std::uint64_t seed,
                                   bool& sound) {
  if (const auto usual = hash_usual(cell, form, rule, seed)) return *usual;
  scratch_.clear();
  if (form == HashForm::json && cell.storage == RawCell::Storage::text) {
    sound = append_jsonb_text(cell.bytes, scratch_) && sound;
    return hash_bytes(scratch_, seed);
  }
  const Hazard hazard = append_canonical(cell, rule, scratch_);
  if (form == HashForm::canonical) {
    sound = sound && hazard == Hazard::none;
    return hash_bytes(scratch_, seed);
  }
  if (hazard != Hazard::none || scratch_.front() != value_tag) {
    sound = false;
    return hash_bytes(scratch_, seed);
  }
  const std::string_view value = std::string_view(scratch_).substr(1);
  switch (form) {
    case HashForm::int4:
    case HashForm::int8: {
      const std::int64_t number = value.size() == 1 ? value.front() : ordered_integer(value);
      if (form == HashForm::int8) return hash_int8(number, seed ^ bits(number));
      sound = sound && fits_int4(number);
      return hash_int4(static_cast<std::int32_t>(number), seed);
    }
    case HashForm::numeric:
      text_.clear();
      sound = append_decimal_shown(value, text_) && sound;
      return hash_bytes(text_, seed);
    case HashForm::float8:
      return hash_float8(ordered_double(value), seed);
    case HashForm::timestamp:
      return hash_timestamp(ordered_integer(value), seed);
    case HashForm::date:
      return hash_int4(clamped_day(ordered_integer(value)), seed);
    case HashForm::bytes:
      return hash_bytes(hexadecimal(value), seed);
    default:
      return hash_bytes(value, seed);
  }
}

std::uint64_t RowHasher::hash_key(std::span<const RawCell> row, std::uint64_t seed, bool& sound) {
  for (std::size_t i = 0; i < plan_.key_columns; ++i) {
    if (row[i].is_null()) sound = false;  // NULL in a key matches nothing
    seed = hash_cell(row[i], plan_.columns[i].form, rules_[i], seed, sound);
  }
  return seed;
}

std::uint64_t RowHasher::hash_flags(std::span<const RawCell> row, std::uint64_t seed) const {
  std::size_t flags = 0;
  for (const std::size_t i : plan_.order) {
    if (!plan_.columns[i].nullable) continue;
    if (flags == HashConstants::flags_in_word) {
      seed = hash_int4(0, seed);
      flags = 0;
    }
    seed ^= std::uint64_t{row[i].is_null()} << flags++;
  }
  return seed;
}

std::uint64_t RowHasher::hash_rest(std::span<const RawCell> row, std::uint64_t seed, bool& sound) {
  seed = hash_flags(row, seed);
  for (const std::size_t i : plan_.order) {
    const HashColumn& column = plan_.columns[i];
    seed = row[i].is_null() && column.nullable ? hash_absent(column.form, seed)
                                               : hash_cell(row[i], column.form, rules_[i], seed, sound);
  }
  return seed;
}

std::uint32_t RowHasher::place(std::span<const RawCell> row, std::uint64_t key_hash) const {
  if (partition_.kind == Partition::Kind::hash) return static_cast<std::uint32_t>(key_hash & (partition_.buckets - 1));
  const RawCell& key = row.front();
  return key.storage == RawCell::Storage::integer ? partition_.bucket_of(key.integer) : 0;
}

std::uint32_t RowHasher::bucket_of(std::span<const RawCell> key) {
  bool sound = true;
  return place(key, hash_key(key, bits(HashConstants::seeds[0]), sound));
}

void RowHasher::add(std::span<const RawCell> row) {
  ++rows_;
  bool sound = true;
  const std::uint64_t key_hash = hash_key(row, bits(HashConstants::seeds[0]), sound);
  std::array<std::uint64_t, 2> sums{hash_rest(row, key_hash, sound), 0};
  if (plan_.wide) sums[1] = hash_rest(row, hash_key(row, bits(HashConstants::seeds[1]), sound), sound);
  if (!sound) {
    // Differs from row to row and from side to side, so that nothing equals it and no two of them cancel.
    ++unsound_;
    sums[0] = hash_int8(static_cast<std::int64_t>(unsound_), sums[0] ^ bits(HashConstants::unproven) ^ salt_);
  }
  BucketDigest& digest = digests_[place(row, key_hash)];
  ++digest.rows;
  digest.sums[0] += sums[0];
  digest.sums[1] += sums[1];
}

}  // namespace sluice::stores
