#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

enum class Style { plain, bold, dim, good, bad, doubtful };

/// A piece of a line in one style. Its text has been made safe for a terminal (reports::terminal_text).
struct Span {
  std::string text;
  Style style = Style::plain;
  bool operator==(const Span&) const = default;
};

/// One line of a terminal, without its end.
using Line = std::vector<Span>;

/// Columns that safe UTF-8 takes on a terminal: two for wide characters, none for those that combine. Bytes that are no
/// character count one each.
std::size_t display_width(std::string_view text);
std::size_t display_width(const Line& line);

/// As much of the beginning as fits into `columns`; where something was cut, the last column is "…".
std::string cut_to(std::string_view text, std::size_t columns);
Line cut_to(const Line& line, std::size_t columns);

/// The line's text, with ANSI colours if `colour`.
std::string rendered(const Line& line, bool colour);

}  // namespace sluice::cli
