#include "suites/isolation/views.hpp"

#include <fmt/core.h>

#include <stdexcept>

namespace sluice::isolation {
namespace {

constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
// A half of 128 bits that begins anywhere in a sextet still holds so many whole ones.
constexpr std::size_t sextets_of_half = (half_token_characters * 8 - 2 * 4) / 6;

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

std::string one_character(View view, char c) {
  const auto byte = static_cast<unsigned>(static_cast<unsigned char>(c));
  switch (view) {
    case View::case_folded:
      return {upper(c)};
    case View::json_escape:
      return fmt::format("\\u{:04x}", byte);
    case View::percent:
      return fmt::format("%{:02X}", byte);
    case View::html_decimal:
      return fmt::format("&#{};", byte);
    case View::html_hex:
      return fmt::format("&#x{:x};", byte);
    case View::utf16_le:
      return {c, '\0'};
    case View::utf16_be:
      return {'\0', c};
    case View::hex:
      return fmt::format("{:02x}", byte);
    default:
      return {c};
  }
}

}  // namespace

std::string_view to_string(View view) {
  switch (view) {
    case View::plain:
      return "plain";
    case View::case_folded:
      return "other case";
    case View::json_escape:
      return "JSON \\u escapes";
    case View::percent:
      return "percent-encoding";
    case View::html_decimal:
      return "decimal HTML entities";
    case View::html_hex:
      return "hexadecimal HTML entities";
    case View::utf16_le:
      return "UTF-16LE";
    case View::utf16_be:
      return "UTF-16BE";
    case View::hex:
      return "hexadecimal";
    case View::base64_0:
      return "base64 (aligned)";
    case View::base64_1:
      return "base64 (1 byte before)";
    case View::base64_2:
      return "base64 (2 bytes before)";
  }
  return "unknown";
}

bool is_case_sensitive(View view) { return view == View::base64_0 || view == View::base64_1 || view == View::base64_2; }

std::string base64(std::string_view bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    unsigned group = 0;
    for (std::size_t byte = 0; byte < 3; ++byte) {
      group = group << 8 | (at + byte < bytes.size() ? static_cast<unsigned char>(bytes[at + byte]) : 0u);
    }
    for (std::size_t sextet = 0; sextet < 4; ++sextet) {
      text += at + sextet > bytes.size() ? '=' : base64_digits[group >> (18 - 6 * sextet) & 63];
    }
  }
  return text;
}

EncodedToken::EncodedToken(View view, std::string_view token) : base64_(is_case_sensitive(view)) {
  if (token.size() < fewest_token_characters || token.size() > most_token_characters) {
    throw std::logic_error(fmt::format("a token of {} characters cannot be searched for by halves", token.size()));
  }
  const std::size_t core_first = token.size() - half_token_characters;
  const std::size_t core_last = half_token_characters;
  if (!base64_) {
    units_.reserve(token.size());
    for (const char c : token) units_.push_back(one_character(view, c));
    core_begin_ = core_first;
    core_end_ = core_last;
    return;
  }
  const std::size_t before = view == View::base64_0 ? 0 : view == View::base64_1 ? 1 : 2;
  bits_before_ = 8 * before;
  sextets_dropped_ = (bits_before_ + 5) / 6;
  const std::string whole = base64(std::string(before, 'x').append(token));
  const std::size_t end = 8 * (before + token.size()) / 6;
  for (std::size_t sextet = sextets_dropped_; sextet < end; ++sextet) units_.emplace_back(1, whole[sextet]);
  while (first_bit(core_begin_) < 8 * core_first) ++core_begin_;
  core_end_ = units_.size();
  while (first_bit(core_end_) > 8 * core_last) --core_end_;
}

std::size_t EncodedToken::first_bit(std::size_t unit) const { return 6 * (sextets_dropped_ + unit) - bits_before_; }

std::string EncodedToken::text(std::size_t begin, std::size_t end) const {
  std::string text;
  for (std::size_t unit = begin; unit < end; ++unit) text += units_[unit];
  return text;
}

std::size_t EncodedToken::characters(std::size_t begin, std::size_t end) const {
  if (begin >= end) return 0;
  if (!base64_) return end - begin;
  const std::size_t first = (first_bit(begin) + 7) / 8;
  const std::size_t last = first_bit(end) / 8;
  return last > first ? last - first : 0;
}

bool EncodedToken::is_half(std::size_t begin, std::size_t end) const {
  return end >= begin && end - begin >= (base64_ ? sextets_of_half : half_token_characters);
}

}  // namespace sluice::isolation
