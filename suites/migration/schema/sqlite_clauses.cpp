#include "suites/migration/schema/sqlite_clauses.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

#include "harness/core/ascii.hpp"

namespace sluice::migration {
namespace {

bool is_word_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         (static_cast<unsigned char>(c) & 0x80) != 0;
}

// https://www.sqlite.org/lang_expr.html and …/lang_comment.html: names in "", `` or [], texts in '', comments.
class Tokens {
 public:
  explicit Tokens(std::string_view sql) {
    while (!sql.empty()) take(sql);
  }
  std::vector<std::string> all;

 private:
  void take(std::string_view& sql) {
    const char c = sql.front();
    std::size_t size = 1;
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
    } else if (sql.starts_with("--")) {
      size = std::min(sql.find('\n'), sql.size());
    } else if (sql.starts_with("/*")) {
      const auto end = sql.find("*/", 2);
      size = end == std::string_view::npos ? sql.size() : end + 2;
    } else if (c == '\'' || c == '"' || c == '`' || c == '[') {
      size = quoted(sql);
    } else if (is_word_character(c)) {
      while (size < sql.size() && (is_word_character(sql[size]) || sql[size] == '.')) ++size;
      all.push_back(ascii_lower(std::string(sql.substr(0, size))));
    } else {
      all.emplace_back(1, c);
    }
    sql.remove_prefix(size);
  }

  std::size_t quoted(std::string_view sql) {
    const char end = sql.front() == '[' ? ']' : sql.front();
    std::string inner;
    std::size_t at = 1;
    for (; at < sql.size(); ++at) {
      if (sql[at] != end) {
        inner += sql[at];
      } else if (end != ']' && at + 1 < sql.size() && sql[at + 1] == end) {
        inner += sql[at++];
      } else {
        break;
      }
    }
    all.push_back(end == '\'' ? "'" + inner + "'" : ascii_lower(inner));
    return std::min(at + 1, sql.size());
  }
};

class ClauseReader {
 public:
  explicit ClauseReader(std::string_view sql) : tokens_(Tokens(sql).all) {}

  std::string read() {
    const auto body = std::find(tokens_.begin(), tokens_.end(), "(");
    const auto module = std::find(tokens_.begin(), body, "using");
    if (module != body) return fmt::format("{}", fmt::join(module, tokens_.end(), " "));
    at_ = static_cast<std::size_t>(body - tokens_.begin()) + 1;
    bool begins = true;
    for (std::size_t depth = 1; at_ < tokens_.size() && depth > 0; ++at_) {
      if (begins) begin_definition();
      begins = depth == 1 && is(0, ",");
      if (is(0, "("))
        ++depth;
      else if (is(0, ")"))
        --depth;
      else
        read_clause();
    }
    for (; at_ < tokens_.size(); ++at_) {
      if (!is(0, ",")) clauses_.push_back(tokens_[at_]);  // of the whole table
    }
    std::sort(clauses_.begin(), clauses_.end());
    return fmt::format("{}", fmt::join(clauses_, "; "));
  }

 private:
  bool is(std::size_t ahead, std::string_view word) const {
    return at_ + ahead < tokens_.size() && tokens_[at_ + ahead] == word;
  }

  // A column, or a constraint of the table.
  void begin_definition() {
    constexpr std::array<std::string_view, 5> words{"constraint", "primary", "unique", "check", "foreign"};
    column_ = std::find(words.begin(), words.end(), tokens_[at_]) == words.end() ? tokens_[at_] + " " : "";
  }

  void read_clause() {
    if ((is(0, "check") || is(0, "as")) && is(1, "(")) return add(in_parentheses(1));
    if (is(0, "collate") || is(0, "autoincrement")) return add(is(0, "collate") ? 2 : 1);
    if (is(0, "on") && is(1, "conflict")) return add(3);
    if (is(0, "deferrable")) add(is(1, "initially") ? 3 : 1);
  }

  // Tokens up to the one that closes what is opened so many tokens ahead.
  std::size_t in_parentheses(std::size_t ahead) const {
    for (std::size_t depth = 0; at_ + ahead < tokens_.size(); ++ahead) {
      if (is(ahead, "(")) ++depth;
      if (is(ahead, ")") && --depth == 0) return ahead + 1;
    }
    return ahead;
  }

  void add(std::size_t count) {
    const auto begin = tokens_.begin() + static_cast<std::ptrdiff_t>(at_);
    count = std::min(count, tokens_.size() - at_);
    clauses_.push_back(fmt::format("{}{}", column_, fmt::join(begin, begin + static_cast<std::ptrdiff_t>(count), " ")));
    at_ += count - 1;
  }

  std::vector<std::string> tokens_;
  std::size_t at_ = 0;
  std::string column_;
  std::vector<std::string> clauses_;
};

}  // namespace

std::string sqlite_clauses(std::string_view sql) { return ClauseReader(sql).read(); }

}  // namespace sluice::migration
