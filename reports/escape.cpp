#include "reports/escape.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "harness/core/printable.hpp"

namespace sluice::reports {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

std::size_t announced_length(unsigned char lead) {
  if (lead < 0xE0) return 2;
  return lead < 0xF0 ? 3 : 4;
}

std::string code_name(char32_t code) { return fmt::format("U+{:04X}", static_cast<unsigned>(code)); }

void append_html(std::string& out, const Character& character) {
  switch (character.code) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    case '\'':
      out += "&#39;";
      break;
    default:
      if (!character.valid)
        out += replacement;
      else
        out += character.bytes;
  }
}

// Stands for what cannot be seen itself; "w" for blanks, "u" for the names of other characters.
void append_visible(std::string& out, char style, std::string_view sign) {
  out += fmt::format("<i class=\"{}\">{}</i>", style, sign);
}

// The run of printable ASCII at the start: most of most texts, and the same in a terminal and in XML.
std::string_view take_plain(std::string_view& rest) {
  const auto end = std::find_if_not(rest.begin(), rest.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
  const std::string_view plain = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  rest.remove_prefix(plain.size());
  return plain;
}

bool is_xml_character(char32_t code) {
  return code == '\t' || code == '\n' || code == '\r' || (code >= 0x20 && code <= 0xD7FF) ||
         (code >= 0xE000 && code <= 0xFFFD) || (code >= 0x10000 && code <= 0x10FFFF);
}

bool is_noncharacter(char32_t code) { return (code & 0xFFFE) == 0xFFFE || (code >= 0xFDD0 && code <= 0xFDEF); }

}  // namespace

Character take_character(std::string_view& rest) {
  const auto lead = static_cast<unsigned char>(rest.front());
  if (lead < 0x80) {
    const Character plain{.bytes = rest.substr(0, 1), .code = lead};
    rest.remove_prefix(1);
    return plain;
  }
  const std::string_view bytes = rest.substr(0, announced_length(lead));
  if (!is_utf8(bytes)) {
    const Character broken{.bytes = rest.substr(0, 1), .code = 0xFFFD, .valid = false};
    rest.remove_prefix(1);
    return broken;
  }
  rest.remove_prefix(bytes.size());
  char32_t code = lead & (0x7Fu >> bytes.size());
  for (const char c : bytes.substr(1)) code = (code << 6) | (static_cast<unsigned char>(c) & 0x3Fu);
  return {.bytes = bytes, .code = code};
}

bool is_deceptive(char32_t code) {
  if (code == '\t' || code == '\n') return false;
  if (code < 0x20 || (code >= 0x7F && code <= 0x9F)) return true;
  const bool odd_blank = code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x202F ||
                         code == 0x205F || code == 0x3000;
  return odd_blank || code == 0xAD || code == 0x061C || (code >= 0x200B && code <= 0x200F) ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF ||
         (code >= 0xFFF9 && code <= 0xFFFB) || (code >= 0xE0000 && code <= 0xE007F) || is_noncharacter(code);
}

std::string valid_utf8(std::string_view text) {
  if (is_utf8(text)) return std::string(text);
  std::string out;
  while (!text.empty()) {
    const Character character = take_character(text);
    out += character.valid ? character.bytes : replacement;
  }
  return out;
}

std::string clipped(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  std::size_t kept = limit;  // back to where a character begins: three bytes at most, broken text or not
  while (kept > 0 && limit - kept < 3 && (static_cast<unsigned char>(text[kept]) & 0xC0) == 0x80) --kept;
  return fmt::format("{}… ({} bytes)", text.substr(0, kept), text.size());
}

std::string html_text(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const Character character = take_character(text);
    if (is_deceptive(character.code))
      out += fmt::format("[{}]", code_name(character.code));
    else
      append_html(out, character);
  }
  return out;
}

std::string html_value(std::string_view text) {
  std::string out;
  bool after_blank = true;  // a space at the start shows as well
  while (!text.empty()) {
    const Character character = take_character(text);
    const bool before_blank = text.empty() || text.front() == ' ' || text.front() == '\n' || text.front() == '\t';
    if (character.code == ' ' && (after_blank || before_blank))
      append_visible(out, 'w', "·");
    else if (character.code == '\t')
      append_visible(out, 'w', "⇥");
    else if (character.code == '\n')
      append_visible(out, 'w', "↵"), out += '\n';
    else if (is_deceptive(character.code))
      append_visible(out, 'u', code_name(character.code));
    else
      append_html(out, character);
    after_blank = character.code == ' ' || character.code == '\t' || character.code == '\n';
  }
  return out;
}

std::string xml_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    out += take_plain(text);
    if (text.empty()) break;
    const Character character = take_character(text);
    if (!character.valid)
      out += replacement;
    else if (is_xml_character(character.code))
      out += character.bytes;
  }
  return out;
}

std::string markdown_text(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const Character character = take_character(text);
    const char32_t code = character.code;
    if (code == '&' || code == '<' || code == '>')
      append_html(out, character);
    else if (code == '\n' || code == '\t')
      out += code == '\n' ? "↵ " : "⇥";
    else if (code == '@' || (code == ':' && text.starts_with("//")) || (code == '.' && out.ends_with("www")))
      out += fmt::format("&#{};", static_cast<unsigned>(code));  // no mention, no automatic link
    else if (code < 0x80 && std::string_view("\\`*_[]|~#!$").find(static_cast<char>(code)) != std::string_view::npos)
      out += '\\', out += character.bytes;
    else if (is_deceptive(code))
      out += fmt::format("({})", code_name(code));
    else
      out += character.valid ? character.bytes : replacement;
  }
  return out;
}

std::string terminal_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    out += take_plain(text);
    if (text.empty()) break;
    const Character character = take_character(text);
    if (!character.valid || (is_deceptive(character.code) && character.code < 0x80)) {
      out += fmt::format("\\x{:02X}", static_cast<unsigned>(static_cast<unsigned char>(character.bytes.front())));
    } else if (character.code == '\n' || character.code == '\t') {
      out += character.code == '\n' ? "\\n" : "\\t";
    } else if (is_deceptive(character.code)) {
      out += fmt::format("\\u{{{:04X}}}", static_cast<unsigned>(character.code));
    } else {
      out += character.bytes;
    }
  }
  return out;
}

}  // namespace sluice::reports
