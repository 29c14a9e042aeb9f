#include "suites/migration/schema/sqlite_checks.hpp"

#include <cstddef>

#include "suites/migration/schema/sqlite_tokens.hpp"

namespace sluice::migration {
namespace {

bool is_text(const std::string& token) { return token.starts_with('\''); }

// As it is written in SQL, where sqlite_tokens() can read it again.
std::string written(const std::string& token) {
  if (!is_text(token)) return token;
  std::string text = "'";
  for (const char c : token.substr(1, token.size() - 2)) text += c == '\'' ? "''" : std::string(1, c);
  return text + "'";
}

}  // namespace

std::vector<std::string> check_expressions(std::string_view create_table) {
  const std::vector<std::string> tokens = sqlite_tokens(create_table);
  std::vector<std::string> expressions;
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (tokens[i] != "check" || tokens[i + 1] != "(") continue;
    std::string expression;
    std::size_t depth = 1;
    for (i += 2; i < tokens.size(); ++i) {
      if (tokens[i] == "(") ++depth;
      if (tokens[i] == ")" && --depth == 0) break;
      expression += (expression.empty() ? "" : " ") + written(tokens[i]);
    }
    if (depth == 0) expressions.push_back(std::move(expression));
  }
  return expressions;
}

std::vector<std::string> words_of(std::string_view expression) {
  std::vector<std::string> words;
  for (auto& token : sqlite_tokens(expression)) {
    const char first = token.empty() ? ' ' : token.front();
    const bool word = (first >= '0' && first <= '9') || (first >= 'a' && first <= 'z') || first == '_' ||
                      (static_cast<unsigned char>(first) & 0x80) != 0;
    if (word) words.push_back(std::move(token));
  }
  return words;
}

}  // namespace sluice::migration
