#include "harness/scenario/variables.hpp"

#include <fmt/core.h>

#include <utility>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/scenario/templates.hpp"

namespace sluice::scenario {

std::string random_token(std::mt19937_64& random) {
  // 25 characters of 36 hold 129 bits. A letter leads, so that nothing takes a token for a number.
  constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::uniform_int_distribution<std::size_t> letter(0, 25);
  std::uniform_int_distribution<std::size_t> any(0, alphabet.size() - 1);
  std::string token(26, 'a');
  token[0] = alphabet[letter(random)];
  for (std::size_t i = 1; i < token.size(); ++i) token[i] = alphabet[any(random)];
  return token;
}

Variables::Variables(std::uint64_t seed) : random_(seed) {}

void Variables::set(const std::string& name, std::string value) { values_[name] = std::move(value); }

const std::string* Variables::find(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

std::string Variables::unique_token() { return tokens_.emplace_back(random_token(random_)); }

std::string Variables::render(std::string_view text, std::string (*escape)(std::string_view)) {
  std::string rendered;
  for (const TemplatePiece& piece : parse_template(text)) {
    if (!piece.is_name) {
      rendered += piece.text;
      continue;
    }
    std::string value;
    if (piece.text == "unique") {
      value = unique_token();
    } else if (const std::string* known = find(piece.text)) {
      value = *known;
    } else if (piece.text.starts_with("unique:")) {
      value = unique_token();
      set(piece.text, value);
    } else {
      throw InputError(fmt::format("{{{{{}}}}} has no value here: no earlier step of the session captured it",
                                   printable(piece.text, 100)));
    }
    rendered += escape == nullptr ? value : escape(value);
  }
  return rendered;
}

}  // namespace sluice::scenario
