#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// A JSON value that keeps what comparison needs and common readers lose: numbers as written (never a double), members
/// in order, duplicate names. Immutable after parsing.
class ExactJson {
 public:
  enum class Type { null, boolean, number, string, array, object };

  Type type() const { return type_; }
  bool boolean() const { return boolean_; }
  /// string: the decoded text; number: the lexeme as written.
  const std::string& text() const { return text_; }
  const std::vector<ExactJson>& items() const { return items_; }
  /// Members in the order of the text; a duplicate name appears twice.
  const std::vector<std::pair<std::string, ExactJson>>& members() const { return members_; }
  /// The last member of that name (as most readers would take it), or nullptr.
  const ExactJson* find(std::string_view name) const;
  /// The value at an RFC 6901 pointer ("" is the whole, "/a/0"), or nullptr.
  const ExactJson* at_pointer(std::string_view pointer) const;
  bool has_duplicate_names() const { return duplicate_names_; }

  /// One text for all representations of the same value: members sorted by name (last duplicate wins), numbers as exact
  /// decimals (1.10 = 1.1 = 11e-1), no blanks.
  std::string canonical() const;
  /// Compact JSON with numbers as written.
  std::string dump() const;

  static ExactJson make_string(std::string text);

 private:
  friend class ExactJsonReader;
  Type type_ = Type::null;
  bool boolean_ = false;
  bool duplicate_names_ = false;
  std::string text_;
  std::vector<ExactJson> items_;
  std::vector<std::pair<std::string, ExactJson>> members_;
};

struct JsonLimits {
  std::size_t bytes = 64u << 20;
  std::size_t depth = 256;
  std::size_t values = 4'000'000;
};

/// Either the value or what is wrong with the text (with its byte offset), never an exception for bad input.
struct JsonParse {
  std::optional<ExactJson> value;
  std::string error;
};
JsonParse parse_exact_json(std::string_view text, const JsonLimits& limits = {});

/// "-12.30e1" -> "-123": an exact decimal as digits and exponent, equal for equal numbers whatever their size. nullopt
/// if not a number.
std::optional<std::string> canonical_decimal(std::string_view lexeme);

/// Escapes one name for an RFC 6901 pointer: ~ -> ~0, / -> ~1.
std::string pointer_token(std::string_view name);

}  // namespace sluice
