#include "harness/core/exact_json.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

namespace sluice {

// Builds the tree from nlohmann's SAX events: that reader checks the grammar and UTF-8, and hands over number lexemes
// as written for floats; integers that fit 64 bits are exact either way.
class ExactJsonReader {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  /// With `lexemes`, every number of the text stands for the next of these.
  explicit ExactJsonReader(const JsonLimits& limits, std::vector<std::string> lexemes = {})
      : limits_(limits), lexemes_(std::move(lexemes)) {}

  bool null() { return add({}); }
  bool boolean(bool value) {
    ExactJson json;
    json.type_ = ExactJson::Type::boolean;
    json.boolean_ = value;
    return add(std::move(json));
  }
  bool number_integer(number_integer_t value) { return add_number(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) { return add_number(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& lexeme) { return add_number(lexeme); }
  bool string(string_t& value) { return add(ExactJson::make_string(std::move(value))); }
  bool binary(binary_t&) { return false; }
  bool start_object(std::size_t) { return open(ExactJson::Type::object); }
  bool start_array(std::size_t) { return open(ExactJson::Type::array); }
  bool key(string_t& name) {
    names_.back() = std::move(name);
    return true;
  }
  bool end_object() {
    mark_duplicates(open_.back());
    return close();
  }
  bool end_array() { return close(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) {
    constexpr int number_out_of_range = 406;  // for a double, which is not what it becomes here
    beyond_double_ = error.id == number_out_of_range;
    if (error_.empty()) error_ = "not JSON at byte " + std::to_string(position) + ": " + strip_prefix(error.what());
    return false;
  }

  JsonParse take() {
    if (!error_.empty()) return {.value = std::nullopt, .error = std::move(error_)};
    return {.value = std::move(root_), .error = {}};
  }
  bool refused() const { return !error_.empty(); }
  bool beyond_double() const { return beyond_double_; }

 private:
  static std::string strip_prefix(std::string_view what) {
    const auto end = what.find("] ");
    return std::string(end == std::string_view::npos ? what : what.substr(end + 2));
  }
  bool add_number(std::string lexeme) {
    ExactJson json;
    json.type_ = ExactJson::Type::number;
    json.text_ = next_lexeme_ < lexemes_.size() ? std::move(lexemes_[next_lexeme_++]) : std::move(lexeme);
    return add(std::move(json));
  }
  bool count_value() {
    if (++values_ <= limits_.values) return true;
    error_ = "more than " + std::to_string(limits_.values) + " values";
    return false;
  }
  bool add(ExactJson json) {
    if (!count_value()) return false;
    place(std::move(json));
    return true;
  }
  void place(ExactJson json) {
    if (open_.empty()) {
      root_ = std::move(json);
    } else if (open_.back().type_ == ExactJson::Type::array) {
      open_.back().items_.push_back(std::move(json));
    } else {
      open_.back().members_.emplace_back(std::move(names_.back()), std::move(json));
    }
  }
  bool open(ExactJson::Type type) {
    if (!count_value()) return false;
    if (open_.size() >= limits_.depth) {
      error_ = "nested deeper than " + std::to_string(limits_.depth);
      return false;
    }
    open_.emplace_back().type_ = type;
    names_.emplace_back();
    return true;
  }
  bool close() {
    ExactJson done = std::move(open_.back());
    open_.pop_back();
    names_.pop_back();
    place(std::move(done));
    return true;
  }
  static void mark_duplicates(ExactJson& object) {
    std::vector<std::string_view> names;
    names.reserve(object.members_.size());
    for (const auto& member : object.members_) names.push_back(member.first);
    std::sort(names.begin(), names.end());
    object.duplicate_names_ = std::adjacent_find(names.begin(), names.end()) != names.end();
  }

  JsonLimits limits_;
  std::vector<std::string> lexemes_;
  std::size_t next_lexeme_ = 0;
  bool beyond_double_ = false;
  std::size_t values_ = 0;
  std::vector<ExactJson> open_;
  std::vector<std::string> names_;
  ExactJson root_;
  std::string error_;
};

namespace {

// How many characters at the front are a number of JSON's grammar; 0 when they are none.
std::size_t number_length(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - begin;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const std::size_t whole = at;
  if (digits() == 0 || (text[whole] == '0' && at - whole > 1)) return 0;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return 0;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return 0;
  }
  return at;
}

// Puts a zero and blanks in the place of every number, so that nothing else moves; returns the numbers.
std::vector<std::string> take_numbers(std::string& text) {
  std::vector<std::string> numbers;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) at += text[at] == '\\' ? 1 : 0;
      continue;
    }
    if (text[at] != '-' && (text[at] < '0' || text[at] > '9')) continue;
    const std::size_t length = number_length(std::string_view(text).substr(at));
    if (length == 0) return numbers;  // the reader will refuse it
    numbers.push_back(text.substr(at, length));
    text[at] = '0';
    std::fill(text.begin() + static_cast<std::ptrdiff_t>(at) + 1,
              text.begin() + static_cast<std::ptrdiff_t>(at + length), ' ');
    at += length - 1;
  }
  return numbers;
}

}  // namespace

JsonParse parse_exact_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes) {
    return {.value = std::nullopt, .error = "larger than " + std::to_string(limits.bytes) + " bytes"};
  }
  ExactJsonReader reader(limits);
  const bool whole = nlohmann::json::sax_parse(text.begin(), text.end(), &reader);
  if (!whole && reader.beyond_double()) {
    std::string without_numbers(text);
    ExactJsonReader again(limits, take_numbers(without_numbers));
    nlohmann::json::sax_parse(without_numbers, &again);
    return again.take();
  }
  JsonParse result = reader.take();
  if (!whole && result.error.empty()) return {.value = std::nullopt, .error = "not JSON"};
  return result;
}

ExactJson ExactJson::make_string(std::string text) {
  ExactJson json;
  json.type_ = Type::string;
  json.text_ = std::move(text);
  return json;
}

const ExactJson* ExactJson::find(std::string_view name) const {
  for (auto member = members_.rbegin(); member != members_.rend(); ++member) {
    if (member->first == name) return &member->second;
  }
  return nullptr;
}

std::string pointer_token(std::string_view name) {
  std::string token;
  for (const char c : name) {
    if (c == '~')
      token += "~0";
    else if (c == '/')
      token += "~1";
    else
      token += c;
  }
  return token;
}

const ExactJson* ExactJson::at_pointer(std::string_view pointer) const {
  const ExactJson* here = this;
  while (!pointer.empty()) {
    if (pointer.front() != '/') return nullptr;
    pointer.remove_prefix(1);
    const auto end = std::min(pointer.find('/'), pointer.size());
    std::string name;
    for (std::size_t i = 0; i < end; ++i) {
      if (pointer[i] == '~' && i + 1 < end && (pointer[i + 1] == '0' || pointer[i + 1] == '1')) {
        name += pointer[++i] == '0' ? '~' : '/';
      } else {
        name += pointer[i];
      }
    }
    pointer.remove_prefix(end);
    if (here->type_ == Type::object) {
      here = here->find(name);
    } else if (here->type_ == Type::array) {
      std::size_t index = 0;
      const auto [last, failure] = std::from_chars(name.data(), name.data() + name.size(), index);
      if (failure != std::errc() || last != name.data() + name.size() || index >= here->items_.size()) return nullptr;
      here = &here->items_[index];
    } else {
      return nullptr;
    }
    if (here == nullptr) return nullptr;
  }
  return here;
}

namespace {

void append_string(std::string& out, const std::string& text) {
  out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Depth is bounded by the parser's limit, so recursion is.
void write(std::string& out, const ExactJson& json, bool canonical) {
  switch (json.type()) {
    case ExactJson::Type::null:
      out += "null";
      return;
    case ExactJson::Type::boolean:
      out += json.boolean() ? "true" : "false";
      return;
    case ExactJson::Type::number:
      out += canonical ? canonical_decimal(json.text()).value_or(json.text()) : json.text();
      return;
    case ExactJson::Type::string:
      append_string(out, json.text());
      return;
    case ExactJson::Type::array: {
      out += '[';
      bool first = true;
      for (const auto& item : json.items()) {
        if (!std::exchange(first, false)) out += ',';
        write(out, item, canonical);
      }
      out += ']';
      return;
    }
    case ExactJson::Type::object:
      break;
  }
  std::vector<std::pair<const std::string*, const ExactJson*>> members;
  if (canonical) {
    std::map<std::string_view, std::pair<const std::string*, const ExactJson*>> sorted;
    for (const auto& [name, value] : json.members()) sorted[name] = {&name, &value};
    for (const auto& entry : sorted) members.push_back(entry.second);
  } else {
    for (const auto& [name, value] : json.members()) members.emplace_back(&name, &value);
  }
  out += '{';
  bool first = true;
  for (const auto& [name, value] : members) {
    if (!std::exchange(first, false)) out += ',';
    append_string(out, *name);
    out += ':';
    write(out, *value, canonical);
  }
  out += '}';
}

}  // namespace

std::string ExactJson::canonical() const {
  std::string out;
  write(out, *this, true);
  return out;
}

std::string ExactJson::dump() const {
  std::string out;
  write(out, *this, false);
  return out;
}

}  // namespace sluice
