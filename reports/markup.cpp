#include "reports/markup.hpp"

#include <algorithm>
#include <array>

#include "reports/escape.hpp"

namespace sluice::reports {
namespace {

// Elements that begin in the middle of a line; a line break before any other changes nothing that a reader sees.
bool is_inline(std::string_view name) {
  constexpr std::array<std::string_view, 9> names{"a", "b", "code", "i", "mark", "small", "span", "strong", "time"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

void Markup::open(std::string_view name, Attributes attributes) {
  if (!is_inline(name)) out_ += '\n';
  out_ += '<';
  out_ += name;
  for (const auto& [attribute, value] : attributes) {
    out_ += ' ';
    out_ += attribute;
    if (!value.empty()) out_ += "=\"" + html_text(value) + '"';
  }
  out_ += '>';
}

void Markup::close(std::string_view name) {
  out_ += "</";
  out_ += name;
  out_ += '>';
}

void Markup::leaf(std::string_view name, std::string_view content, Attributes attributes) {
  open(name, attributes);
  text(content);
  close(name);
}

void Markup::lone(std::string_view name, Attributes attributes) { open(name, attributes); }

void Markup::text(std::string_view content) { out_ += html_text(content); }

void Markup::value(std::string_view content) { out_ += html_value(content); }

void Markup::style(std::string_view css) {
  out_ += "\n<style>\n";
  out_ += css;
  out_ += "</style>";
}

}  // namespace sluice::reports
