#pragma once
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::isolation {

/// The guises in which a token can turn up in what a service sends. base64_N: N bytes, modulo 3, come before the token
/// in what was encoded. For tokens of lowercase letters and digits the standard and the URL alphabet give the same
/// characters.
enum class View {
  plain,
  case_folded,
  json_escape,
  percent,
  html_decimal,
  html_hex,
  utf16_le,
  utf16_be,
  hex,
  base64_0,
  base64_1,
  base64_2,
};

inline constexpr std::array<View, 12> all_views{
    View::plain,    View::case_folded, View::json_escape, View::percent,  View::html_decimal, View::html_hex,
    View::utf16_le, View::utf16_be,    View::hex,         View::base64_0, View::base64_1,     View::base64_2};

/// "plain", "JSON \u escapes", "base64 (1 byte before)", ...
std::string_view to_string(View view);

/// Whether upper and lower case mean different things in this view.
bool is_case_sensitive(View view);

/// Tokens shorter than the first have no half that is surely theirs; in tokens longer than the second the halves have
/// no common core.
inline constexpr std::size_t fewest_token_characters = 16;
inline constexpr std::size_t most_token_characters = 28;
/// So many characters in a row of a token are as good as the token: 16 of 36 letters hold 82 bits.
inline constexpr std::size_t half_token_characters = 16;

/// One token in one view, as the units that can be told apart in a stream: one a character, or for base64 one a base64
/// character that is made of the token's bits alone.
class EncodedToken {
 public:
  EncodedToken(View view, std::string_view token);

  std::size_t size() const { return units_.size(); }
  const std::string& unit(std::size_t index) const { return units_[index]; }
  /// The units [core_begin, core_end) lie in every run of half_token_characters of the token: who searches for the core
  /// misses no half.
  std::size_t core_begin() const { return core_begin_; }
  std::size_t core_end() const { return core_end_; }
  std::string core() const { return text(core_begin_, core_end_); }
  std::string text() const { return text(0, units_.size()); }

  /// How many whole characters of the token the units [begin, end) show.
  std::size_t characters(std::size_t begin, std::size_t end) const;
  /// Whether the units [begin, end) are a half or more.
  bool is_half(std::size_t begin, std::size_t end) const;

 private:
  std::string text(std::size_t begin, std::size_t end) const;
  std::size_t first_bit(std::size_t unit) const;

  bool base64_ = false;
  std::size_t bits_before_ = 0;      // base64: of the bytes before the token
  std::size_t sextets_dropped_ = 0;  // base64: those that hold bits from before the token
  std::size_t core_begin_ = 0, core_end_ = 0;
  std::vector<std::string> units_;
};

/// `bytes` as base64, padded; for planting and for tests.
std::string base64(std::string_view bytes);

}  // namespace sluice::isolation
