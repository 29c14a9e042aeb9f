#include "suites/migration/schema/sqlite_clauses.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

#include "suites/migration/schema/sqlite_tokens.hpp"

namespace sluice::migration {
namespace {

class ClauseReader {
 public:
  explicit ClauseReader(std::string_view sql) : tokens_(sqlite_tokens(sql)) {}

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
