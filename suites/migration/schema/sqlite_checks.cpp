#include "suites/migration/schema/sqlite_checks.hpp"

#include <algorithm>
#include <cstddef>

#include "harness/core/ascii.hpp"

namespace sluice::migration {
namespace {

/// One piece of SQL; comments and blanks are left out.
struct Token {
  enum class Kind { word, name, text, sign };
  Kind kind = Kind::sign;
  std::size_t begin = 0;
  std::size_t end = 0;
};

bool is_of_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Behind the closing quote, which written twice is one of the text.
std::size_t end_of_quoted(std::string_view sql, std::size_t begin, char closing) {
  std::size_t at = begin + 1;
  while (at < sql.size()) {
    const bool twice = closing != ']' && at + 1 < sql.size() && sql[at + 1] == closing;
    if (sql[at] != closing)
      ++at;
    else if (twice)
      at += 2;
    else
      return at + 1;
  }
  return sql.size();
}

std::size_t behind(std::string_view sql, std::string_view what, std::size_t from) {
  const auto at = sql.find(what, from);
  return at == std::string_view::npos ? sql.size() : at + what.size();
}

Token token_at(std::string_view sql, std::size_t begin) {
  const char first = sql[begin];
  if (first == '\'') return {Token::Kind::text, begin, end_of_quoted(sql, begin, first)};
  if (first == '"' || first == '`') return {Token::Kind::name, begin, end_of_quoted(sql, begin, first)};
  if (first == '[') return {Token::Kind::name, begin, end_of_quoted(sql, begin, ']')};
  std::size_t end = begin;
  while (end < sql.size() && is_of_word(sql[end])) ++end;
  if (end > begin) return {Token::Kind::word, begin, end};
  return {Token::Kind::sign, begin, begin + 1};
}

std::vector<Token> tokens_of(std::string_view sql) {
  std::vector<Token> tokens;
  for (std::size_t at = 0; at < sql.size();) {
    const std::string_view two = sql.substr(at, 2);
    if (two == "--") {
      at = behind(sql, "\n", at);
    } else if (two == "/*") {
      at = behind(sql, "*/", at + 2);
    } else if (sql[at] == ' ' || (sql[at] >= '\t' && sql[at] <= '\r')) {
      ++at;
    } else {
      tokens.push_back(token_at(sql, at));
      at = tokens.back().end;
    }
  }
  return tokens;
}

}  // namespace

std::vector<std::string> check_expressions(std::string_view create_table) {
  const std::vector<Token> tokens = tokens_of(create_table);
  const auto is_sign = [&](std::size_t i, char sign) {
    return i < tokens.size() && tokens[i].kind == Token::Kind::sign && create_table[tokens[i].begin] == sign;
  };
  std::vector<std::string> expressions;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& word = tokens[i];
    const bool check = word.kind == Token::Kind::word &&
                       ascii_lower(std::string(create_table.substr(word.begin, word.end - word.begin))) == "check";
    if (!check || !is_sign(i + 1, '(')) continue;
    const std::size_t begin = tokens[i + 1].end;
    std::size_t depth = 1;
    for (i += 2; i < tokens.size() && depth > 0; ++i) {
      if (is_sign(i, '(')) ++depth;
      if (is_sign(i, ')')) --depth;
      if (depth == 0) expressions.emplace_back(create_table.substr(begin, tokens[i].begin - begin));
    }
    --i;
  }
  return expressions;
}

std::vector<std::string> words_of(std::string_view expression) {
  std::vector<std::string> words;
  for (const Token& token : tokens_of(expression)) {
    const std::string_view text = expression.substr(token.begin, token.end - token.begin);
    if (token.kind == Token::Kind::word) words.push_back(ascii_lower(std::string(text)));
    if (token.kind == Token::Kind::name && text.size() > 2)
      words.push_back(ascii_lower(std::string(text.substr(1, text.size() - 2))));
  }
  return words;
}

}  // namespace sluice::migration
