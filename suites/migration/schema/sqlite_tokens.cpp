#include "suites/migration/schema/sqlite_tokens.hpp"

#include <algorithm>
#include <utility>

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

}  // namespace

std::vector<std::string> sqlite_tokens(std::string_view sql) { return std::move(Tokens(sql).all); }

}  // namespace sluice::migration
