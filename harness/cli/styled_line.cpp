#include "harness/cli/styled_line.hpp"

#include <fmt/core.h>
#include <wchar.h>

#include <clocale>
#include <numeric>

#include "reports/escape.hpp"

namespace sluice::cli {
namespace {

// wcwidth() knows only the characters of the thread's locale, and the program's own is "C".
class UnicodeLocale {
 public:
  UnicodeLocale() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ != nullptr) previous_ = uselocale(locale_);
  }
  ~UnicodeLocale() {
    if (locale_ == nullptr) return;
    uselocale(previous_);
    freelocale(locale_);
  }
  UnicodeLocale(const UnicodeLocale&) = delete;
  UnicodeLocale& operator=(const UnicodeLocale&) = delete;

  std::size_t width(char32_t code) const {
    if (code >= 0x20 && code < 0x7F) return 1;
    if (locale_ == nullptr) return 2;  // rather too wide than wrapped
    const int columns = wcwidth(static_cast<wchar_t>(code));
    return columns < 0 ? 1 : static_cast<std::size_t>(columns);
  }

 private:
  locale_t locale_ = nullptr;
  locale_t previous_ = nullptr;
};

std::size_t width_of(std::string_view text, const UnicodeLocale& unicode) {
  std::size_t columns = 0;
  while (!text.empty()) columns += unicode.width(reports::take_character(text).code);
  return columns;
}

// Bytes of the longest beginning that takes at most `columns`, with the characters that combine with its last one.
std::size_t bytes_within(std::string_view text, std::size_t columns, const UnicodeLocale& unicode) {
  std::string_view rest = text;
  std::size_t used = 0;
  while (!rest.empty()) {
    const std::size_t at = text.size() - rest.size();
    used += unicode.width(reports::take_character(rest).code);
    if (used > columns) return at;
  }
  return text.size();
}

}  // namespace

std::size_t display_width(std::string_view text) { return width_of(text, UnicodeLocale()); }

std::size_t display_width(const Line& line) {
  const UnicodeLocale unicode;
  return std::accumulate(line.begin(), line.end(), std::size_t{0},
                         [&](std::size_t sum, const Span& span) { return sum + width_of(span.text, unicode); });
}

std::string cut_to(std::string_view text, std::size_t columns) {
  return rendered(cut_to(Line{{std::string(text)}}, columns), false);
}

Line cut_to(const Line& line, std::size_t columns) {
  if (display_width(line) <= columns) return line;
  const UnicodeLocale unicode;
  Line kept;
  std::size_t left = columns == 0 ? 0 : columns - 1;  // one for the ellipsis
  for (const Span& span : line) {
    const std::size_t bytes = bytes_within(span.text, left, unicode);
    kept.push_back({span.text.substr(0, bytes), span.style});
    if (bytes < span.text.size()) break;
    left -= width_of(span.text, unicode);
  }
  if (columns > 0) kept.back().text += "…";
  return kept;
}

std::string rendered(const Line& line, bool colour) {
  constexpr std::string_view codes[] = {"0", "1", "2", "32", "31", "33"};
  std::string out;
  for (const Span& span : line) {
    if (!colour || span.style == Style::plain || span.text.empty())
      out += span.text;
    else
      out += fmt::format("\x1b[{}m{}\x1b[0m", codes[static_cast<std::size_t>(span.style)], span.text);
  }
  return out;
}

}  // namespace sluice::cli
