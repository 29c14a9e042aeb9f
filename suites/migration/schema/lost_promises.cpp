#include "suites/migration/schema/lost_promises.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <utility>

#include "harness/core/ascii.hpp"
#include "harness/core/printable.hpp"
#include "harness/stores/canonical.hpp"
#include "suites/migration/schema/sqlite_checks.hpp"
#include "suites/migration/schema/sqlite_tokens.hpp"

namespace sluice::migration {
namespace {

using stores::ComparisonType;

/// The numbers in a type's brackets: of "DECIMAL(10, 2)" 10 and 2.
struct Declared {
  std::string type;  ///< in lower case, without its brackets
  std::vector<int> numbers;
};

Declared declared(const std::string& text) {
  const auto open = text.find('(');
  Declared result{.type = ascii_lower(text.substr(0, open)), .numbers = {}};
  while (!result.type.empty() && result.type.back() == ' ') result.type.pop_back();
  if (open == std::string::npos) return result;
  for (std::size_t at = open + 1; at < text.size() && text[at] != ')';) {
    int number = 0;
    const auto [end, failure] = std::from_chars(text.data() + at, text.data() + text.size(), number);
    if (failure == std::errc()) {
      result.numbers.push_back(number);
      at = static_cast<std::size_t>(end - text.data());
    } else {
      ++at;
    }
  }
  return result;
}

bool is_of_characters(const std::string& type) { return type.find("char") != std::string::npos; }
bool is_of_digits(const std::string& type) { return type == "numeric" || type == "decimal"; }

/// A default as far as it is a plain literal.
struct Literal {
  bool quoted = false;
  std::string text;
};

// One that begins the text; `at` is then behind it. Both engines write a quote inside twice.
std::optional<Literal> quoted_literal(const std::string& text, std::size_t& at) {
  const std::string token = sqlite_tokens(text).front();
  Literal literal{.quoted = true, .text = token.substr(1, token.size() - 2)};
  at = token.size() + static_cast<std::size_t>(std::count(literal.text.begin(), literal.text.end(), '\''));
  return at <= text.size() ? std::optional(literal) : std::nullopt;  // else it is cut off
}

// ::"numeric(5,2)", ::character varying, …: nothing but casts follows.
bool is_cast_or_nothing(const std::string& rest) {
  if (rest.empty()) return true;
  return rest.starts_with("::") && std::all_of(rest.begin(), rest.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                  std::string_view("_: .\"(),").find(c) != std::string_view::npos;
         });
}

bool is_number(const std::string& word) {
  const char* const begin = word.data() + (word.starts_with('+') ? 1 : 0);
  const char* const end = word.data() + word.size();
  double value = 0;
  const auto [last, failure] = std::from_chars(begin, end, value);
  const bool digits = word.find_first_of("0123456789") != std::string::npos;  // not inf, not nan
  return digits && failure == std::errc() && last == end;
}

std::optional<Literal> literal_of(std::string text) {
  // PostgreSQL writes a negative number as '-1'::integer or (-1).
  while (text.size() > 2 && text.front() == '(' && text.find(')') == text.size() - 1)
    text = text.substr(1, text.size() - 2);
  if (text.empty()) return std::nullopt;
  std::size_t at = 0;
  std::optional<Literal> literal;
  if (text.front() == '\'') {
    literal = quoted_literal(text, at);
  } else {
    const auto is_part = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '+' || c == '-';
    };
    while (at < text.size() && is_part(text[at])) ++at;
    const std::string word = ascii_lower(text.substr(0, at));
    if (is_number(word) || word == "true" || word == "false") literal = Literal{.quoted = false, .text = word};
  }
  return literal && is_cast_or_nothing(text.substr(at)) ? literal : std::nullopt;
}

// The literal's encoding as a value of that type; nullopt when it has none that is certain.
std::optional<std::string> encoded(const Literal& literal, ComparisonType type) {
  const bool logical = !literal.quoted && (literal.text == "true" || literal.text == "false");
  std::string text = literal.text;
  switch (type) {
    case ComparisonType::text:
    case ComparisonType::character:
      return logical ? std::nullopt : std::optional(text);  // SQLite writes 1 for it, and PostgreSQL true
    case ComparisonType::integer:
    case ComparisonType::decimal:
    case ComparisonType::float4:
    case ComparisonType::float8:
      if (logical) text = text == "true" ? "1" : "0";
      type = ComparisonType::decimal;
      break;
    case ComparisonType::boolean:
      text = ascii_lower(text);
      if (text == "true" || text == "t" || text == "1") return "1";
      if (text == "false" || text == "f" || text == "0") return "0";
      return std::nullopt;
    default:
      return std::nullopt;
  }
  std::string bytes;
  stores::append_canonical(stores::RawCell::of_text(text), {.type = type}, bytes);
  return bytes;
}

// The column's type where the schema made it: an enumeration or a domain, which may have a length, a default and
// checks.
const CatalogObject* own_type_of(const CatalogObject& column, const Catalog& catalog) {
  const auto found = catalog.objects.find("type " + ascii_lower(column.property("type").value_or("")));
  return found == catalog.objects.end() ? nullptr : &found->second;
}

void compare_column(const CatalogObject& expected, const CatalogObject& actual, const Catalog& catalog,
                    std::vector<SchemaProblem>& problems) {
  const std::string show = "\\d+ " + actual.table;
  const std::string shown = printable(expected.id(), 300);
  const auto old_type = expected.property("type"), new_type = actual.property("type");
  if (!expected.notes.contains("declared type") && old_type && new_type && is_narrowed(*old_type, *new_type)) {
    problems.push_back({"length-narrowed", expected.id(),
                        fmt::format("{} was declared as {} and is {} now, which holds less", shown,
                                    printable(*old_type, 100), printable(*new_type, 100)),
                        old_type, new_type, show});
  }
  const auto old_default = expected.property("default"), new_default = actual.property("default");
  const auto* const own = own_type_of(actual, catalog);
  const bool in_a_domain = own != nullptr && own->property("base");
  const bool supplied = in_a_domain || actual.property("identity") || actual.property("generated_as");
  if (!old_default || supplied || expected.notes.contains("declared default") || !literal_of(*old_default)) return;
  const auto base = actual.notes.find("base");
  const auto type = base == actual.notes.end() ? ComparisonType::exact : stores::postgres_type(base->second);
  if (new_default && !literals_differ(*old_default, *new_default, type)) return;
  problems.push_back(
      {property_rule("default"), expected.id(),
       fmt::format("the default of {} is {}, expected {}", shown,
                   new_default ? printable(*new_default, 200) : std::string("absent"), printable(*old_default, 200)),
       old_default, new_default, show});
}

// A new type that can hold nothing else says what the CHECK said: flag IN (0, 1) of a boolean, json_valid(x) of jsonb.
bool says_it_itself(const CatalogObject& column, const std::string& expression, const Catalog& catalog) {
  const std::vector<std::string> words = words_of(expression);
  const auto says = [&](const char* word) { return std::find(words.begin(), words.end(), word) != words.end(); };
  const auto* const own = own_type_of(column, catalog);
  const bool limits = own != nullptr && (own->property("labels") || own->property("checks"));
  if (says("typeof") || limits) return true;
  if (says("length")) {
    const std::string limited = column.property("type").value_or("");
    const bool at_most = expression.find('<') != std::string::npos && expression.find('>') == std::string::npos;
    return at_most && is_of_characters(limited) && !declared(limited).numbers.empty();
  }
  const auto base = column.notes.find("base");
  const auto type = base == column.notes.end() ? ComparisonType::exact : stores::postgres_type(base->second);
  switch (type) {
    case ComparisonType::boolean:
    case ComparisonType::json:
    case ComparisonType::uuid:
    case ComparisonType::date:
    case ComparisonType::time:
    case ComparisonType::timestamp:
    case ComparisonType::exact:  // what SQLite has no name for
      return true;
    default:
      return false;
  }
}

// Whether the new table's columns make the constraint needless.
bool is_carried_by_types(const std::string& expression, const std::string& table, const Catalog& catalog) {
  const std::vector<std::string> words = words_of(expression);
  std::vector<const CatalogObject*> named;
  for (const auto& [id, object] : catalog.objects) {
    if (object.kind != "column" || object.table != table) continue;
    if (std::find(words.begin(), words.end(), object.name) != words.end()) named.push_back(&object);
  }
  return named.size() == 1 && says_it_itself(*named.front(), expression, catalog);
}

std::uint64_t checks_of(const std::string& table, const Catalog& catalog) {
  return static_cast<std::uint64_t>(
      std::count_if(catalog.objects.begin(), catalog.objects.end(), [&](const auto& entry) {
        const CatalogObject& object = entry.second;
        return object.kind == "constraint" && object.table == table && object.name.starts_with("check ");
      }));
}

void compare_checks(const CatalogObject& expected, const CatalogObject& actual, const Catalog& catalog,
                    std::vector<SchemaProblem>& problems) {
  std::vector<std::string> missing;
  for (const auto& [name, text] : expected.notes) {
    if (name.starts_with("check ") && !is_carried_by_types(text, actual.name, catalog)) missing.push_back(text);
  }
  std::uint64_t wanted = missing.size();
  if (expected.notes.contains("declared checks")) {
    const std::string number = expected.property("checks").value_or("0");
    wanted = 0;
    std::from_chars(number.data(), number.data() + number.size(), wanted);
  }
  const std::uint64_t there = checks_of(actual.name, catalog);
  if (there >= wanted) return;
  std::string texts;
  for (const auto& text : missing) texts += (texts.empty() ? "" : "; ") + printable(text, 100);
  problems.push_back({property_rule("checks"), expected.id(),
                      fmt::format("{} has {} CHECK constraints, {} were to be kept: {}", printable(expected.id(), 300),
                                  there, wanted, texts),
                      std::to_string(wanted), std::to_string(there), "\\d+ " + actual.name});
}

}  // namespace

bool is_narrowed(const std::string& expected, const std::string& actual) {
  const Declared before = declared(expected), after = declared(actual);
  if (before.numbers.empty() || after.numbers.empty()) return false;
  if (is_of_characters(before.type) && is_of_characters(after.type)) return after.numbers[0] < before.numbers[0];
  if (!is_of_digits(before.type) || !is_of_digits(after.type)) return false;
  const auto scale = [](const Declared& type) { return type.numbers.size() > 1 ? type.numbers[1] : 0; };
  return scale(after) < scale(before) || after.numbers[0] - scale(after) < before.numbers[0] - scale(before);
}

bool literals_differ(const std::string& expected, const std::string& actual, ComparisonType type) {
  const auto before = literal_of(expected), after = literal_of(actual);
  if (!before || !after) return false;
  const auto left = encoded(*before, type), right = encoded(*after, type);
  return left && right && *left != *right;
}

std::vector<SchemaProblem> lost_promises(const CatalogObject& expected, const CatalogObject& actual,
                                         const Catalog& actual_catalog) {
  std::vector<SchemaProblem> problems;
  if (expected.kind == "column") compare_column(expected, actual, actual_catalog, problems);
  if (expected.kind == "table") compare_checks(expected, actual, actual_catalog, problems);
  return problems;
}

}  // namespace sluice::migration
