#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace sluice::compat {

/// A run of a text: a word (letters and digits, a whole UUID, a whole RFC 3339 time), or what stands between words.
struct TextPiece {
  bool word = false;
  std::string_view text;  ///< into the text that was split
};

/// Splits so that the pieces one after the other are the text again.
std::vector<TextPiece> split_text(std::string_view text);

/// Whether both have the same number of pieces, with words in the same places and the same text between them.
bool same_structure(const std::vector<TextPiece>& left, const std::vector<TextPiece>& right);

}  // namespace sluice::compat
