#include "harness/stores/value.hpp"

#include <array>
#include <charconv>

#include "harness/core/printable.hpp"

namespace sluice::stores {

OwnedRow own(const RawRow& row, std::size_t count) {
  OwnedRow owned;
  owned.reserve(count);
  for (std::size_t i = 0; i < count; ++i) owned.emplace_back(row[i]);
  return owned;
}

std::string shortest(double value) {
  std::array<char, 40> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

std::string printable_cell(const RawCell& cell, std::size_t limit) {
  switch (cell.storage) {
    case RawCell::Storage::null:
      return "NULL";
    case RawCell::Storage::integer:
      return std::to_string(cell.integer);
    case RawCell::Storage::real:
      return shortest(cell.real);
    case RawCell::Storage::text:
      return printable(cell.bytes, limit);
    case RawCell::Storage::blob:
      break;
  }
  if (cell.bytes.size() * 2 <= limit) return "x'" + hexadecimal(cell.bytes) + "'";
  return "x'" + hexadecimal(cell.bytes.substr(0, limit / 2)) + "…' (" + std::to_string(cell.bytes.size()) + " bytes)";
}

}  // namespace sluice::stores
