#include "suites/compat/text_pieces.hpp"

#include <algorithm>

#include "suites/compat/ascii.hpp"
#include "suites/compat/instant.hpp"

namespace sluice::compat {
namespace {

bool is_word_character(char c) {
  // Bytes of multi-byte characters count as letters, so that words of any language stay whole.
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::size_t leading_uuid(std::string_view text) {
  constexpr std::size_t length = 36;
  if (text.size() < length) return 0;
  for (std::size_t i = 0; i < length; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return 0;
  }
  return text.size() == length || !is_word_character(text[length]) ? length : 0;
}

std::size_t leading_word(std::string_view text) {
  if (const std::size_t length = leading_uuid(text)) return length;
  if (const auto instant = leading_instant(text)) return instant->length;
  const auto end = std::find_if_not(text.begin(), text.end(), is_word_character);
  return static_cast<std::size_t>(end - text.begin());
}

}  // namespace

std::vector<TextPiece> split_text(std::string_view text) {
  std::vector<TextPiece> pieces;
  while (!text.empty()) {
    std::size_t length = leading_word(text);
    const bool word = length > 0;
    if (!word) {
      const auto end = std::find_if(text.begin(), text.end(), is_word_character);
      length = static_cast<std::size_t>(end - text.begin());
    }
    pieces.push_back({word, text.substr(0, length)});
    text.remove_prefix(length);
  }
  return pieces;
}

bool same_structure(const std::vector<TextPiece>& left, const std::vector<TextPiece>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](const TextPiece& a, const TextPiece& b) {
    return a.word == b.word && (a.word || a.text == b.text);
  });
}

}  // namespace sluice::compat
