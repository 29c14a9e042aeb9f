#include "harness/stores/canonical.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>

#include "harness/core/exact_json.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/canonical_number.hpp"
#include "harness/stores/hex_digit.hpp"
#include "harness/stores/instant.hpp"
#include "harness/stores/jsonb_text.hpp"

namespace sluice::stores {
namespace {

using Storage = RawCell::Storage;

constexpr char null_tag = 0;
constexpr char value_tag = 1;
constexpr char raw_tag = 2;  // after every value, so that unreadable values sort last

void append_raw(const RawCell& cell, std::string& out) {
  out += raw_tag;
  out += static_cast<char>(cell.storage);
  if (cell.storage == Storage::integer) append_ordered(cell.integer, out);
  if (cell.storage == Storage::real) append_ordered(cell.real, out);
  out += cell.bytes;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((text[i] | 0x20) != lower[i]) return false;
  }
  return true;
}

Hazard encode_boolean(const RawCell& cell, std::string& out) {
  std::optional<bool> value;
  if (cell.storage == Storage::integer && (cell.integer == 0 || cell.integer == 1)) value = cell.integer == 1;
  if (cell.storage == Storage::text) {
    const auto& text = cell.bytes;
    if (text == "1" || equals_ignoring_case(text, "t") || equals_ignoring_case(text, "true")) value = true;
    if (text == "0" || equals_ignoring_case(text, "f") || equals_ignoring_case(text, "false")) value = false;
  }
  if (!value) return Hazard::not_representable;
  out += static_cast<char>(*value ? 1 : 0);
  return Hazard::none;
}

Hazard text_hazard(std::string_view text) {
  if (is_plain_text(text)) return Hazard::none;
  if (text.find('\0') != std::string_view::npos) return Hazard::nul_character;
  return is_utf8(text) ? Hazard::none : Hazard::invalid_utf8;
}

Hazard encode_text(const RawCell& cell, bool blanks_padded, std::string& out) {
  if (cell.storage == Storage::blob) return Hazard::not_representable;
  if (cell.storage == Storage::integer) {
    out += std::to_string(cell.integer);
    return Hazard::none;
  }
  if (cell.storage == Storage::real) {
    out += shortest(cell.real);
    return Hazard::none;
  }
  std::string_view text = cell.bytes;
  if (blanks_padded) text = text.substr(0, text.find_last_not_of(' ') + 1);
  out += text;
  return text_hazard(text);
}

Hazard encode_bytes(const RawCell& cell, std::string& out) {
  if (cell.storage != Storage::blob && cell.storage != Storage::text) return Hazard::not_representable;
  out += cell.bytes;
  return cell.storage == Storage::text ? Hazard::text_in_bytes : Hazard::none;
}

Hazard encode_timestamp(const RawCell& cell, const TimeZone* zone, std::string& out) {
  constexpr std::int64_t microseconds = 1'000'000;
  constexpr std::int64_t largest_second = 9'000'000'000'000;  // the year 287168
  if (cell.storage == Storage::integer) {                     // SQLite's own convention: seconds since 1970
    if (cell.integer > largest_second || cell.integer < -largest_second) return Hazard::not_representable;
    append_ordered(cell.integer * microseconds, out);
    return Hazard::none;
  }
  if (cell.storage != Storage::text) return Hazard::not_representable;
  const Instant instant = parse_timestamp(cell.bytes, zone);
  if (instant.reading == Instant::Reading::no_one_answer) return Hazard::time_without_answer;
  if (instant.reading != Instant::Reading::good) return Hazard::not_representable;
  append_ordered(instant.microseconds, out);
  return Hazard::none;
}

Hazard encode_date(const RawCell& cell, std::string& out) {
  if (cell.storage != Storage::text) return Hazard::not_representable;
  const auto days = parse_date(cell.bytes);
  if (!days) return Hazard::not_representable;
  append_ordered(*days, out);
  return Hazard::none;
}

Hazard encode_time(const RawCell& cell, std::string& out) {
  if (cell.storage != Storage::text) return Hazard::not_representable;
  const auto microseconds = parse_time_of_day(cell.bytes);
  if (!microseconds) return Hazard::not_representable;
  append_ordered(*microseconds, out);
  return Hazard::none;
}

Hazard encode_uuid(const RawCell& cell, std::string& out) {
  if (cell.storage == Storage::blob && cell.bytes.size() == 16) {
    out += cell.bytes;
    return Hazard::none;
  }
  if (cell.storage != Storage::text) return Hazard::not_representable;
  std::string_view text = cell.bytes;
  if (text.starts_with('{') && text.ends_with('}')) text = text.substr(1, text.size() < 2 ? 0 : text.size() - 2);
  const bool hyphens = text.size() == 36;
  if (!hyphens && text.size() != 32) return Hazard::not_representable;
  std::array<char, 16> bytes{};
  if (read_usual_uuid(text, bytes)) {
    out.append(bytes.data(), bytes.size());
    return Hazard::none;
  }
  bytes.fill(0);
  std::size_t digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (hyphens && (i == 8 || i == 13 || i == 18 || i == 23)) {
      if (text[i] != '-') return Hazard::not_representable;
      continue;
    }
    const int digit = hex_digit(text[i]);
    if (digit < 0) return Hazard::not_representable;
    char& byte = bytes[digits / 2];
    byte = static_cast<char>(digits % 2 == 0 ? digit << 4 : (static_cast<unsigned char>(byte) | digit));
    ++digits;
  }
  out.append(bytes.data(), bytes.size());
  return Hazard::none;
}

Hazard encode_json(const RawCell& cell, std::string& out) {
  if (cell.storage == Storage::integer || cell.storage == Storage::real) {
    // A column of JSON with numeric affinity turns the text 1.50 into a number; as JSON it is the same value.
    // A number beyond every double, 1e400, became infinity there.
    if (cell.storage == Storage::real && !std::isfinite(cell.real)) return Hazard::not_representable;
    const std::string lexeme = cell.storage == Storage::integer ? std::to_string(cell.integer) : shortest(cell.real);
    out += canonical_decimal(lexeme).value_or(lexeme);
    return Hazard::none;
  }
  const JsonParse parse = parse_exact_json(cell.bytes);
  if (!parse.value) return Hazard::not_representable;
  out += parse.value->canonical();
  const auto has_duplicates = [](const auto& self, const ExactJson& json) -> bool {
    if (json.has_duplicate_names()) return true;
    for (const auto& item : json.items()) {
      if (self(self, item)) return true;
    }
    for (const auto& member : json.members()) {
      if (self(self, member.second)) return true;
    }
    return false;
  };
  return has_duplicates(has_duplicates, *parse.value) ? Hazard::duplicate_names : Hazard::none;
}

Hazard encode_exact(const RawCell& cell, std::string& out) {
  out += static_cast<char>(cell.storage);
  if (cell.storage == Storage::integer) append_ordered(cell.integer, out);
  if (cell.storage == Storage::real) append_ordered(cell.real, out);
  out += cell.bytes;
  return cell.storage == Storage::text ? text_hazard(cell.bytes) : Hazard::none;
}

// Whether digits of the original may be gone. SQLite makes a double of a decimal it cannot hold exactly, and an integer
// of that double when it is whole: 123456789012345678.12 is kept as 123456789012345680.
bool went_through_a_double(const RawCell& cell, std::size_t digits) {
  constexpr std::size_t always_exact = 15;  // DBL_DIG: decimals of so many digits survive a double
  if (cell.storage == Storage::real) return digits > always_exact;
  if (cell.storage != Storage::integer) return false;
  const auto value = static_cast<double>(cell.integer);
  return std::abs(value) > 0x1p53 && value < 0x1p63 && static_cast<std::int64_t>(value) == cell.integer;
}

Hazard encode_value(const RawCell& cell, const ColumnRule& rule, std::string& out) {
  switch (rule.type) {
    case ComparisonType::exact:
      return encode_exact(cell, out);
    case ComparisonType::boolean:
      return encode_boolean(cell, out);
    case ComparisonType::integer:
      return append_integer(cell, out) ? Hazard::none : Hazard::not_representable;
    case ComparisonType::decimal: {
      const auto digits = append_decimal(cell, out);
      if (!digits) return Hazard::not_representable;
      return rule.warn_inexact && went_through_a_double(cell, *digits) ? Hazard::inexact_number : Hazard::none;
    }
    case ComparisonType::float4:
    case ComparisonType::float8:
      return append_float(cell, rule.type == ComparisonType::float4 || rule.single_precision, out)
                 ? Hazard::none
                 : Hazard::not_representable;
    case ComparisonType::text:
      return encode_text(cell, false, out);
    case ComparisonType::character:
      return encode_text(cell, true, out);
    case ComparisonType::bytes:
      return encode_bytes(cell, out);
    case ComparisonType::timestamp:
      return encode_timestamp(cell, rule.zone.get(), out);
    case ComparisonType::date:
      return encode_date(cell, out);
    case ComparisonType::time:
      return encode_time(cell, out);
    case ComparisonType::uuid:
      return encode_uuid(cell, out);
    case ComparisonType::json:
      return encode_json(cell, out);
  }
  return Hazard::not_representable;
}

}  // namespace

std::string_view describe(Hazard hazard) {
  switch (hazard) {
    case Hazard::none:
      return "is sound";
    case Hazard::not_representable:
      return "cannot be read as the type that the column is compared as";
    case Hazard::nul_character:
      return "contains a NUL character, which many tools cut at and PostgreSQL refuses";
    case Hazard::invalid_utf8:
      return "is text that is not UTF-8";
    case Hazard::inexact_number:
      return "looks like a binary double in a column declared exact; digits beyond the 15th may have been lost when it "
             "was stored";
    case Hazard::text_in_bytes:
      return "is text in a column of bytes";
    case Hazard::duplicate_names:
      return "is JSON with a name twice in one object; most readers keep only the last";
    case Hazard::time_without_answer:
      return "is a wall-clock time that its zone skipped, had twice, or has no table for";
  }
  return "is not understood";
}

bool read_usual_uuid(std::string_view text, std::array<char, 16>& bytes) {
  constexpr std::array<std::uint8_t, 16> places{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
  if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return false;
  int all = 0;
  std::array<std::uint64_t, 2> words{};  // in memory at once, to be read as words right after
  for (std::size_t i = 0; i < places.size(); ++i) {
    const int high = hex_digit(text[places[i]]), low = hex_digit(text[places[i] + 1U]);
    all |= high | low;
    words[i / 8] |= static_cast<std::uint64_t>((high & 15) << 4 | (low & 15)) << (i % 8 * 8);
  }
  std::memcpy(bytes.data(), words.data(), bytes.size());
  return all >= 0;
}

// Nearly every text is.
bool is_plain_text(std::string_view text) {
  constexpr std::uint64_t high_bits = 0x8080808080808080, low_bits = 0x0101010101010101;
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    if ((word & high_bits) != 0 || ((word - low_bits) & ~word & high_bits) != 0) return false;
  }
  for (; i < text.size(); ++i) {
    if (text[i] <= 0) return false;
  }
  return true;
}

Hazard append_canonical(const RawCell& cell, const ColumnRule& rule, std::string& out) {
  if (cell.is_null()) {
    out += null_tag;
    return Hazard::none;
  }
  const std::size_t begin = out.size();
  out += value_tag;
  const Hazard hazard = encode_value(cell, rule, out);
  if (hazard == Hazard::not_representable || hazard == Hazard::time_without_answer) {
    out.resize(begin);
    append_raw(cell, out);
  }
  return hazard;
}

bool append_quick_json(std::string_view json, std::string& out) {
  const std::size_t begin = out.size();
  out += value_tag;
  if (is_utf8(json) && append_jsonb_text(json, out)) return true;
  out.resize(begin);
  return false;
}

bool is_raw_encoding(std::string_view encoding) { return !encoding.empty() && encoding.front() == raw_tag; }
bool is_null_encoding(std::string_view encoding) { return !encoding.empty() && encoding.front() == null_tag; }

int CanonicalRow::compare_prefix(const CanonicalRow& other, std::size_t cells) const {
  for (std::size_t i = 0; i < cells; ++i) {
    const int order = cell(i).compare(other.cell(i));
    if (order != 0) return order;
  }
  return 0;
}

}  // namespace sluice::stores
