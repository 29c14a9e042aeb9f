#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::reports {

/// One character of possibly broken UTF-8.
struct Character {
  std::string_view bytes;  ///< never empty
  char32_t code = 0;       ///< U+FFFD when the bytes are no character
  bool valid = true;
};

/// Takes the first character off `rest`, which must not be empty. Broken bytes come one at a time.
Character take_character(std::string_view& rest);

/// Whether a reader would see something else than what is there: controls (also C1), bidirectional marks and overrides,
/// zero-width characters, line and paragraph separators, byte order marks. Tab and line feed are not among them.
bool is_deceptive(char32_t code);

/// Well-formed UTF-8: each broken byte becomes U+FFFD; everything else stays as it is.
std::string valid_utf8(std::string_view text);

/// At most `limit` bytes of `text`, cut between characters; what is cut ends in "… (N bytes)".
std::string clipped(std::string_view text, std::size_t limit);

/// Text for HTML content and quoted attributes. Broken bytes become U+FFFD, deceptive characters their name, such as
/// [U+202E].
std::string html_text(std::string_view text);

/// A value for HTML content in which whitespace can be seen: tabs, line ends, spaces at the ends and in runs, odd
/// blanks.
std::string html_value(std::string_view text);

/// Text that XML 1.0 can hold: broken bytes become U+FFFD, characters outside its range are dropped. Not yet escaped.
std::string xml_text(std::string_view text);

/// Text for a paragraph or a table cell of GitHub's Markdown, on one line, in which nothing is markup, a link or a
/// formula.
std::string markdown_text(std::string_view text);

/// Text for one line of a terminal: controls, deceptive characters and broken bytes become \n, \t, \xNN or \u{NNNN}.
std::string terminal_text(std::string_view text);

}  // namespace sluice::reports
