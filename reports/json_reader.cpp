#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstring>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "harness/core/errors.hpp"
#include "harness/core/exact_json.hpp"
#include "reports/escape.hpp"
#include "reports/fields.hpp"
#include "reports/json.hpp"

namespace sluice::reports {
namespace {

using Json = nlohmann::ordered_json;

// A value of the report and where it stands, for the errors.
struct Cursor {
  const Json& value;
  std::string pointer;

  Cursor at(std::string_view name, const Json& child) const { return {child, pointer + "/" + pointer_token(name)}; }
  Cursor at(std::size_t index, const Json& child) const { return {child, pointer + "/" + std::to_string(index)}; }

  [[noreturn]] void refuse(std::string_view what) const {
    throw InputError(
        fmt::format("report {}: {}", pointer.empty() ? "(whole)" : clipped(terminal_text(pointer), 200), what));
  }
  [[noreturn]] void expected(std::string_view what) const {
    refuse(fmt::format("expected {}, found {}", what, found()));
  }

 private:
  std::string found() const {
    if (value.is_structured()) return value.type_name();
    return clipped(terminal_text(value.dump(-1, ' ', false, Json::error_handler_t::replace)), 60);
  }
};

void read(const Cursor& at, bool& out) {
  if (!at.value.is_boolean()) at.expected("true or false");
  out = at.value.get<bool>();
}

void read(const Cursor& at, std::string& out) {
  if (!at.value.is_string()) at.expected("a string");
  out = at.value.get<std::string>();
}

void read(const Cursor& at, std::filesystem::path& out) {
  std::string text;
  read(at, text);
  out = text;
}

void read(const Cursor& at, std::uint64_t& out) {
  if (!at.value.is_number_unsigned()) at.expected("a whole number from 0 to 18446744073709551615");
  out = at.value.get<std::uint64_t>();
}

std::int64_t read_signed(const Cursor& at) {
  const bool fits = at.value.is_number_integer() &&
                    (!at.value.is_number_unsigned() || at.value.get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
  if (!fits) at.expected("a whole number of 64 bits");
  return at.value.get<std::int64_t>();
}

void read(const Cursor& at, int& out) {
  const std::int64_t value = read_signed(at);
  if (value < 0 || value > 255) at.expected("an exit code from 0 to 255");
  out = static_cast<int>(value);
}

// Bounded, so that no sum of a time and a duration leaves 64 bits of nanoseconds.
constexpr std::chrono::nanoseconds longest_duration = std::chrono::hours(24 * 3650);

void read(const Cursor& at, std::chrono::nanoseconds& out) {
  out = std::chrono::nanoseconds(read_signed(at));
  if (out < std::chrono::nanoseconds(0) || out > longest_duration) at.expected("nanoseconds from 0 to ten years");
}

void read(const Cursor& at, double& out) {
  if (at.value.is_number()) {
    out = at.value.get<double>();
    return;
  }
  const std::string text = at.value.is_string() ? at.value.get<std::string>() : "";
  if (text == "NaN")
    out = std::numeric_limits<double>::quiet_NaN();
  else if (text == "Infinity" || text == "-Infinity")
    out = std::copysign(std::numeric_limits<double>::infinity(), text.front() == '-' ? -1.0 : 1.0);
  else
    at.expected("a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
}

// "2026-11-20T11:29:29.123456789Z" and nothing else; the shape is checked before any digit is read.
std::optional<TimePoint> parse_time(std::string_view text) {
  constexpr std::string_view shape = "0000-00-00T00:00:00.000000000Z";
  if (text.size() != shape.size()) return std::nullopt;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (shape[i] == '0' ? !digit : text[i] != shape[i]) return std::nullopt;
  }
  const auto part = [&](std::size_t begin, std::size_t length) {
    int value = 0;
    std::from_chars(text.data() + begin, text.data() + begin + length, value);
    return value;
  };
  const std::chrono::year_month_day date{std::chrono::year(part(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(part(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(part(8, 2)))};
  // Years that 64 bits of nanoseconds hold, with room for a duration after them.
  if (!date.ok() || date.year() < std::chrono::year(1700) || date.year() > std::chrono::year(2200)) return std::nullopt;
  if (part(11, 2) > 23 || part(14, 2) > 59 || part(17, 2) > 59) return std::nullopt;
  return std::chrono::time_point_cast<TimePoint::duration>(
      std::chrono::sys_days(date) + std::chrono::hours(part(11, 2)) + std::chrono::minutes(part(14, 2)) +
      std::chrono::seconds(part(17, 2)) + std::chrono::nanoseconds(part(20, 9)));
}

void read(const Cursor& at, TimePoint& out) {
  const auto time = at.value.is_string() ? parse_time(at.value.get_ref<const std::string&>()) : std::nullopt;
  if (!time) at.expected("a time such as \"2026-11-20T11:29:29.123456789Z\"");
  out = *time;
}

template <typename Value>
void read_name(const Cursor& at, Value& out, std::optional<Value> (*parse)(std::string_view),
               std::string_view choices) {
  const auto value = at.value.is_string() ? parse(at.value.get_ref<const std::string&>()) : std::nullopt;
  if (!value) at.expected(choices);
  out = *value;
}

void read(const Cursor& at, Verdict& out) {
  read_name(at, out, parse_verdict, "passed, failed, inconclusive, errored or skipped");
}
void read(const Cursor& at, Decision& out) { read_name(at, out, parse_decision, "GO, NO-GO or INCONCLUSIVE"); }
void read(const Cursor& at, Severity& out) { read_name(at, out, parse_severity, "info, warning, error or critical"); }

void read(const Cursor& at, std::map<std::string, std::string>& out) {
  if (!at.value.is_object()) at.expected("an object of strings");
  for (const auto& [name, value] : at.value.items()) read(at.at(name, value), out[name]);
}

template <typename Model>
void read_object(const Cursor& at, Model& out);

template <typename Item>
void read_item(const Cursor& at, Item& out) {
  if constexpr (requires { read(at, out); })
    read(at, out);
  else
    read_object(at, out);
}

// Visits the members that the model has, and remembers them, so that any other can be refused.
class Reader {
 public:
  explicit Reader(const Cursor& at) : at_(at) {
    if (!at.value.is_object()) at.expected("an object");
  }

  template <typename Member>
  void operator()(const char* name, Member& member) {
    const Json* value = find(name);
    if (value == nullptr) at_.refuse(fmt::format("the member \"{}\" is missing", name));
    read_item(at_.at(name, *value), member);
  }
  template <typename Member>
  void operator()(const char* name, std::optional<Member>& member) {
    if (const Json* value = find(name)) read_item(at_.at(name, *value), member.emplace());
  }
  template <typename Item>
  void operator()(const char* name, std::vector<Item>& items) {
    const Json* value = find(name);
    if (value == nullptr) at_.refuse(fmt::format("the member \"{}\" is missing", name));
    const Cursor list = at_.at(name, *value);
    if (!value->is_array()) list.expected("an array");
    items.reserve(value->size());
    for (std::size_t i = 0; i < value->size(); ++i) read_item(list.at(i, (*value)[i]), items.emplace_back());
  }

  // A member that was read elsewhere.
  void know(const char* name) { known_.insert(name); }

  void refuse_the_unknown() const {
    for (const auto& [name, value] : at_.value.items()) {
      if (!known_.contains(name)) at_.at(name, value).refuse("no such member in this version of the report");
    }
  }

 private:
  const Json* find(const char* name) {
    known_.insert(name);
    const auto found = at_.value.find(name);
    return found == at_.value.end() ? nullptr : &*found;
  }

  const Cursor& at_;
  std::set<std::string_view> known_;
};

void read(const Cursor& at, std::pair<std::string, std::string>& out) {
  Reader reader(at);
  reader("name", out.first);
  reader("value", out.second);
  reader.refuse_the_unknown();
}

template <typename Model>
void read_object(const Cursor& at, Model& out) {
  Reader reader(at);
  fields(reader, out);
  reader.refuse_the_unknown();
}

// Reads along before anything is built and refuses what exceeds the limits and doubled names. Not the parser's own
// callback: with one, each value that ends is looked for among all values beside it, and a long list takes a time that
// grows with its square.
class Watch : public nlohmann::json_sax<Json> {
 public:
  explicit Watch(const ReportLimits& limits) : limits_(limits) {}

  bool null() override { return count(); }
  bool boolean(bool) override { return count(); }
  bool number_integer(number_integer_t) override { return count(); }
  bool number_unsigned(number_unsigned_t) override { return count(); }
  bool number_float(number_float_t, const string_t&) override { return count(); }
  bool string(string_t&) override { return count(); }
  bool binary(binary_t&) override { return count(); }
  bool start_object(std::size_t) override { return enter(); }
  bool end_object() override { return leave(); }
  bool start_array(std::size_t) override { return enter(); }
  bool end_array() override { return leave(); }

  bool key(string_t& name) override {
    auto& names = names_.back();
    if (!names.insert(name).second)
      throw InputError(
          fmt::format("report: the member \"{}\" appears twice in one object", clipped(terminal_text(name), 100)));
    if (names.size() > limits_.members)
      throw InputError(fmt::format("report: an object with more than {} members", limits_.members));
    return count();
  }

  bool parse_error(std::size_t, const std::string&, const Json::exception& error) override {
    throw InputError(fmt::format("report: not JSON ({})", clipped(terminal_text(error.what()), 300)));
  }

 private:
  bool count() {
    if (++values_ > limits_.values) throw InputError(fmt::format("report: more than {} values", limits_.values));
    return true;
  }
  bool enter() {
    if (names_.size() >= limits_.depth)
      throw InputError(fmt::format("report: nested deeper than {} levels", limits_.depth));
    names_.emplace_back();
    return count();
  }
  bool leave() {
    names_.pop_back();
    return true;
  }

  const ReportLimits& limits_;
  std::size_t values_ = 0;
  std::vector<std::set<std::string>> names_;  // of each object, or none of an array, that is open
};

Json parse(std::string_view text, const ReportLimits& limits) {
  if (text.size() > limits.bytes)
    throw InputError(
        fmt::format("report: {} bytes, more than the {} that a report may have", text.size(), limits.bytes));
  Watch watch(limits);
  Json::sax_parse(text, &watch);
  return Json::parse(text);
}

void require_version(Reader& reader, const Cursor& at) {
  std::string format;
  reader("format", format);
  if (format != "sluice-report") at.at("format", at.value.at("format")).expected("\"sluice-report\"");
  std::uint64_t version = 0;
  reader("schema_version", version);
  if (version != std::uint64_t{RunResult::schema_version})
    at.at("schema_version", at.value.at("schema_version"))
        .refuse(fmt::format("version {} of the report; this sluice reads version {}. Use the sluice that wrote it",
                            version, RunResult::schema_version));
}

// The seed is a string in the report; everything else of the run is read as the model has it.
class RunReader : public Reader {
 public:
  using Reader::Reader;
  using Reader::operator();
  void operator()(const char* name, std::uint64_t& seed) {
    std::string digits;
    Reader::operator()(name, digits);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seed);
    const bool leading_zero = digits.size() > 1 && digits.front() == '0';
    if (error != std::errc() || end != digits.data() + digits.size() || leading_zero)
      throw InputError(
          fmt::format("report /{}: expected a whole number from 0 to 18446744073709551615 as a string", name));
  }
};

}  // namespace

RunResult from_json(std::string_view text, const ReportLimits& limits) {
  const Json report = parse(text, limits);
  const Cursor root{report, ""};
  Reader head(root);
  require_version(head, root);
  RunReader reader(root);
  RunResult run;
  reader.know("format");
  reader.know("schema_version");
  fields(reader, run);
  reader.refuse_the_unknown();
  return run;
}

}  // namespace sluice::reports
