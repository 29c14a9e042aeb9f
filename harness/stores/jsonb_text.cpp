#include "harness/stores/jsonb_text.hpp"

#include <algorithm>
#include <bit>
#include <boost/container/small_vector.hpp>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace sluice::stores {
namespace {

constexpr std::size_t deepest = 100;
constexpr int largest_exponent = 300;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// What is written, at the end of a string that is longer than needed meanwhile: appending a character costs a store.
/// Room for `room` characters, and for as many more as are asked for.
class Output {
 public:
  Output(std::string& text, std::size_t room) : text_(text), size_(text.size()) { text_.resize(size_ + room); }
  ~Output() { text_.resize(size_); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  std::size_t size() const { return size_; }
  std::string_view part(std::size_t begin, std::size_t end) const {
    return std::string_view(text_).substr(begin, end - begin);
  }
  void ask(std::size_t room) { text_.resize(text_.size() + room); }
  void operator+=(char c) { text_[size_++] = c; }
  void operator+=(std::string_view more) {
    std::memcpy(text_.data() + size_, more.data(), more.size());
    size_ += more.size();
  }
  void replace_from(std::size_t begin, std::string_view text) {
    size_ = begin;
    *this += text;
  }

 private:
  std::string& text_;
  std::size_t size_;
};

// Of eight characters, the high bit of each that is a control character, a quote or a backslash. A borrow may set
// others falsely, but only those that come later than one that is set rightly.
std::uint64_t special(std::uint64_t characters) {
  constexpr std::uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;
  const auto below = [](std::uint64_t word, std::uint64_t limit) { return (word - ones * limit) & ~word; };
  const std::uint64_t found =
      below(characters, 0x20) | below(characters ^ (ones * '"'), 1) | below(characters ^ (ones * '\\'), 1);
  return found & high;
}

/// A recursive-descent reader that writes as it goes; objects whose members do not come in order are put in order
/// after.
class Writer {
 public:
  // A blank after each comma and colon is all that is ever added, but by numbers with exponents.
  Writer(std::string_view json, std::string& out) : rest_(json), out_(out, 2 * json.size()) {}

  bool run() {
    skip_blanks();
    if (!value(0)) return false;
    skip_blanks();
    return rest_.empty();
  }

 private:
  /// Where one member lies in the output: `"name": value`.
  struct Member {
    std::size_t begin = 0, name_end = 0, end = 0;
  };

  void skip_blanks() {
    std::size_t i = 0;
    while (i < rest_.size() && (rest_[i] == ' ' || rest_[i] == '\t' || rest_[i] == '\n' || rest_[i] == '\r')) ++i;
    rest_.remove_prefix(i);
  }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool word(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    out_ += text;
    return true;
  }

  bool value(std::size_t depth) {
    if (rest_.empty() || depth > deepest) return false;
    switch (rest_.front()) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  bool array(std::size_t depth) {
    rest_.remove_prefix(1);
    out_ += '[';
    skip_blanks();
    if (!take(']')) {
      while (true) {
        skip_blanks();
        if (!value(depth + 1)) return false;
        skip_blanks();
        if (take(']')) break;
        if (!take(',')) return false;
        out_ += ", ";
      }
    }
    out_ += ']';
    return true;
  }

  // No name that was let in needs an escape, so what is written between its quotes is the name.
  std::string_view name_of(const Member& member) const { return out_.part(member.begin + 1, member.name_end - 1); }

  static bool before(std::string_view left, std::string_view right) {
    return left.size() != right.size() ? left.size() < right.size() : left < right;
  }

  bool object(std::size_t depth) {
    rest_.remove_prefix(1);
    out_ += '{';
    skip_blanks();
    if (take('}')) {
      out_ += '}';
      return true;
    }
    const std::size_t body = out_.size();
    const std::size_t first = members_.size();
    bool sorted = true;
    while (true) {
      skip_blanks();
      Member member{.begin = out_.size()};
      if (rest_.empty() || rest_.front() != '"' || !name()) return false;
      member.name_end = out_.size();
      skip_blanks();
      if (!take(':')) return false;
      out_ += ": ";
      skip_blanks();
      if (!value(depth + 1)) return false;
      member.end = out_.size();
      if (members_.size() > first) sorted = sorted && before(name_of(members_.back()), name_of(member));
      members_.push_back(std::move(member));
      skip_blanks();
      if (take('}')) break;
      if (!take(',')) return false;
      out_ += ", ";
    }
    const bool fine = sorted || sort_members(body, first);
    members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(first), members_.end());
    out_ += '}';
    return fine;
  }

  // False when a name comes twice: the reader of the value must say which counts, and that it is odd.
  bool sort_members(std::size_t body, std::size_t first) {
    const auto begin = members_.begin() + static_cast<std::ptrdiff_t>(first);
    std::sort(begin, members_.end(),
              [&](const Member& left, const Member& right) { return before(name_of(left), name_of(right)); });
    std::string ordered;
    ordered.reserve(out_.size() - body);
    for (auto member = begin; member != members_.end(); ++member) {
      if (member != begin) {
        if (name_of(*(member - 1)) == name_of(*member)) return false;
        ordered += ", ";
      }
      ordered += out_.part(member->begin, member->end);
    }
    out_.replace_from(body, ordered);
    return true;
  }

  // A name that must be written with quotes, backslashes or control characters is rare: the full reader knows it.
  bool name() {
    const std::size_t begin = out_.size();
    if (plain_string()) return true;
    return string() && out_.part(begin, out_.size()).find('\\') == std::string_view::npos;
  }

  // One without escapes, as nearly all are: as it stands, with its quotes. False takes nothing.
  bool plain_string() {
    const std::size_t end = 1 + count_plain(1);
    if (end >= rest_.size() || rest_[end] != '"') return false;
    out_ += rest_.substr(0, end + 1);
    rest_.remove_prefix(end + 1);
    return true;
  }

  // Characters from `begin` on that stand for themselves.
  std::size_t count_plain(std::size_t begin) const {
    std::size_t end = begin;
    for (; end + 8 <= rest_.size(); end += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, rest_.data() + end, sizeof word);
      if (const std::uint64_t found = special(word)) {
        return end - begin + static_cast<std::size_t>(std::countr_zero(found)) / 8;
      }
    }
    while (end < rest_.size() && static_cast<unsigned char>(rest_[end]) >= 0x20 && rest_[end] != '"' &&
           rest_[end] != '\\') {
      ++end;
    }
    return end - begin;
  }

  bool string() {
    if (plain_string()) return true;
    rest_.remove_prefix(1);
    out_ += '"';
    while (true) {
      const std::size_t plain = count_plain(0);
      out_ += rest_.substr(0, plain);
      if (plain == rest_.size()) return false;
      const char stop = rest_[plain];
      rest_.remove_prefix(plain + 1);
      if (stop == '"') break;
      if (stop != '\\' || !escape()) return false;
    }
    out_ += '"';
    return true;
  }

  std::optional<std::uint32_t> four_digits() {
    std::uint32_t code = 0;
    if (rest_.size() < 4) return std::nullopt;
    const auto [last, failure] = std::from_chars(rest_.data(), rest_.data() + 4, code, 16);
    if (failure != std::errc() || last != rest_.data() + 4) return std::nullopt;
    rest_.remove_prefix(4);
    return code;
  }

  bool escape() {
    if (rest_.empty()) return false;
    const char kind = rest_.front();
    rest_.remove_prefix(1);
    switch (kind) {
      case '"':
      case '\\':
      case 'b':
      case 'f':
      case 'n':
      case 'r':
      case 't':
        out_ += '\\';
        out_ += kind;
        return true;
      case '/':
        out_ += '/';
        return true;
      case 'u':
        break;
      default:
        return false;
    }
    auto code = four_digits();
    if (!code || *code < 0x20) return false;  // control characters: the full reader knows them
    if (*code >= 0xDC00 && *code < 0xE000) return false;
    if (*code >= 0xD800 && *code < 0xDC00) {
      if (!take('\\') || !take('u')) return false;
      const auto low = four_digits();
      if (!low || *low < 0xDC00 || *low > 0xDFFF) return false;
      code = 0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00);
    }
    append_character(*code);
    return true;
  }

  void append_character(std::uint32_t code) {
    if (code == '"' || code == '\\') out_ += '\\';
    if (code < 0x80) {
      out_ += static_cast<char>(code);
      return;
    }
    if (code < 0x800) {
      out_ += static_cast<char>(0xC0 | code >> 6);
    } else {
      if (code < 0x10000) {
        out_ += static_cast<char>(0xE0 | code >> 12);
      } else {
        out_ += static_cast<char>(0xF0 | code >> 18);
        out_ += static_cast<char>(0x80 | (code >> 12 & 0x3F));
      }
      out_ += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    }
    out_ += static_cast<char>(0x80 | (code & 0x3F));
  }

  std::size_t count_digits(std::size_t at) const {
    std::size_t end = at;
    while (end < rest_.size() && is_digit(rest_[end])) ++end;
    return end - at;
  }

  bool number() {
    std::size_t at = rest_.front() == '-' ? 1 : 0;
    const bool minus = at == 1;
    const std::size_t whole = count_digits(at);
    if (whole == 0 || (whole > 1 && rest_[at] == '0')) return false;
    const std::string_view integer = rest_.substr(at, whole);
    at += whole;
    std::string_view fraction;
    if (at < rest_.size() && rest_[at] == '.') {
      fraction = rest_.substr(at + 1, count_digits(at + 1));
      if (fraction.empty()) return false;
      at += 1 + fraction.size();
    }
    int exponent = 0;
    const bool has_exponent = at < rest_.size() && (rest_[at] == 'e' || rest_[at] == 'E');
    if (has_exponent) {
      std::size_t digits = at + 1;
      if (digits < rest_.size() && rest_[digits] == '+') ++digits;
      const std::size_t sign = digits < rest_.size() && rest_[digits] == '-' && digits == at + 1 ? 1 : 0;
      const std::size_t count = count_digits(digits + sign);
      if (count == 0 || count > 4) return false;
      std::from_chars(rest_.data() + digits, rest_.data() + digits + sign + count, exponent);
      if (exponent > largest_exponent || exponent < -largest_exponent) return false;
      at = digits + sign + count;
    }
    write_number(minus, integer, fraction, exponent, has_exponent);
    rest_.remove_prefix(at);
    return true;
  }

  // As `numeric` would: the scale is the digits after the point less the exponent, and there is no -0.
  void write_number(bool minus, std::string_view integer, std::string_view fraction, int exponent, bool has_exponent) {
    const auto zeros = [](std::string_view digits) { return digits.find_first_not_of('0') == std::string_view::npos; };
    if (minus && !(zeros(integer) && zeros(fraction))) out_ += '-';
    if (!has_exponent) {
      out_ += integer;
      if (!fraction.empty()) {
        out_ += '.';
        out_ += fraction;
      }
      return;
    }
    out_.ask(static_cast<std::size_t>(std::abs(exponent)) + 2);  // zeros, perhaps one before the point, and the point
    std::string digits(integer);
    digits += fraction;
    auto point = static_cast<std::ptrdiff_t>(integer.size()) + exponent;
    if (point <= 0) {
      digits.insert(0, static_cast<std::size_t>(1 - point), '0');
      point = 1;
    }
    const auto size = static_cast<std::ptrdiff_t>(digits.size());
    if (point > size) digits.append(static_cast<std::size_t>(point - size), '0');
    const std::size_t lead =
        std::min(digits.find_first_not_of('0'), static_cast<std::size_t>(point) - 1);  // leave one before the point
    const std::string_view all = digits;
    out_ += all.substr(lead, static_cast<std::size_t>(point) - lead);
    if (static_cast<std::size_t>(point) < digits.size()) {
      out_ += '.';
      out_ += all.substr(static_cast<std::size_t>(point));
    }
  }

  std::string_view rest_;
  Output out_;
  boost::container::small_vector<Member, 16> members_;  // of the objects around this place
};

}  // namespace

bool append_jsonb_text(std::string_view json, std::string& out) { return Writer(json, out).run(); }

}  // namespace sluice::stores
