#include "harness/core/store_redirect.hpp"

#include <fmt/format.h>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"

namespace sluice {
namespace {

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }
bool continues_name(char c) { return is_word(c) || c == '-' || c == '.'; }

// Whether text[at, at + size) stands alone, not inside a longer name. A relative path is another file behind a slash,
// but a host is often found there: hosts carry their port.
bool stands_alone(std::string_view text, std::size_t at, const std::string& name) {
  const std::size_t end = at + name.size();
  if (end < text.size() && continues_name(text[end]) && continues_name(name.back())) return false;
  if (at == 0) return true;
  const char before = text[at - 1];
  if (continues_name(before)) return false;
  const bool relative_path = !name.starts_with('/') && name.find('/') != std::string::npos &&
                             name.find(':') == std::string::npos && name.find('%') == std::string::npos;
  return before != '/' || !relative_path;
}

// As a word of its own, also at the end of a path.
bool has_word(std::string_view text, const std::string& word) {
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !continues_name(text[at - 1])) && (end == text.size() || !continues_name(text[end]))) return true;
  }
  return false;
}

}  // namespace

Redirection::Match Redirection::longest_at(std::string_view text, std::size_t at) const {
  Match best;
  for (std::size_t i = 0; i < redirects_.size(); ++i) {
    for (const auto& [spelling, replacement] : redirects_[i].spellings) {
      if (spelling.empty() || !text.substr(at).starts_with(spelling) || !stands_alone(text, at, spelling)) continue;
      if (best.spelling == nullptr || spelling.size() > best.spelling->size()) best = {i, &spelling, &replacement};
    }
  }
  return best;
}

template <typename OnMatch>
std::string Redirection::rewrite(std::string_view text, OnMatch&& on_match, std::string& untouched) const {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const Match match = longest_at(text, at);
    if (match.spelling == nullptr) {
      untouched += text[at];
      result += text[at++];
      continue;
    }
    on_match(*match.spelling);
    result += *match.replacement;
    untouched += ' ';  // what a replacement says is no trace
    at += match.spelling->size();
  }
  return result;
}

std::string Redirection::apply(std::string_view text) {
  std::string untouched;
  const auto note = [&](const std::string& spelling) {
    // Two databases of one server share spellings.
    for (std::size_t i = 0; i < redirects_.size(); ++i) {
      if (redirects_[i].spellings.contains(spelling)) found_[i] = true;
    }
  };
  std::string result = rewrite(text, note, untouched);
  for (std::size_t i = 0; i < redirects_.size(); ++i) {
    const auto& redirect = redirects_[i];
    if (redirect.database.empty() || has_word(text, redirect.database)) database_found_[i] = true;
    for (const auto& trace : redirect.traces) {
      if (has_word(untouched, trace)) left_.emplace_back(i, trace);
    }
  }
  return result;
}

std::string Redirection::apply_beside(std::string_view text) const {
  std::string untouched;
  return rewrite(
      text, [](const std::string&) {}, untouched);
}

void Redirection::require_all(const std::string& command) const {
  if (!left_.empty()) {
    const auto& [index, trace] = left_.front();
    throw InputError(
        fmt::format("{}: '{}' in its command or `env:` looks like the store {} in a spelling that cannot be pointed at "
                    "a copy, so the action would work on the store itself; write it as the plan's `stores:` does",
                    command, printable(trace, 200), redirects_[index].store));
  }
  for (std::size_t i = 0; i < redirects_.size(); ++i) {
    const auto& redirect = redirects_[i];
    if (redirect.spared || (found_[i] && database_found_[i])) continue;
    const std::string what =
        found_[i] ? fmt::format("database {} of the store", printable(redirect.database, 100)) : std::string("store");
    throw InputError(fmt::format(
        "{}: neither its command nor its `env:` names the {} {}, so it cannot be pointed at a copy and would work on "
        "the store itself; write its URL or path out there as the plan's `stores:` does, or list it under the "
        "check's `spares` if the action by design never touches it",
        command, what, redirect.store));
  }
}

}  // namespace sluice
