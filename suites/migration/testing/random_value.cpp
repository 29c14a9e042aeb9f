#include "suites/migration/testing/random_value.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

namespace sluice::migration {
namespace {

using Json = nlohmann::json;
using stores::ComparisonType;
using stores::Engine;
using enum ValueKind;

std::string sql_text(std::string_view text) {
  std::string literal = "'";
  for (const char c : text) literal += c == '\'' ? std::string("''") : std::string(1, c);
  return literal + "'";
}

std::string shown_text(std::string_view text) { return stores::printable_cell(stores::RawCell::of_text(text), 120); }

constexpr std::uint64_t microseconds_of_a_day = 86'400'000'000;

// Texts that tools have taken for something else.
constexpr std::array<std::string_view, 22> texts{"",        " ",   "NULL",  "<null>", "null", "'",         "x|y", "x",
                                                 "y|z",     "\\N", "\\",    "a\tb",   "a\nb", "A",         "a",   "é",
                                                 "e\u0301", "ß",   "00501", "501",    "1e2",  "\U0001F600"};

struct Civil {
  std::string day;   // 2026-07-01
  std::string time;  // 12:00:00
  std::int64_t fraction;
};

std::string day_text(std::int64_t days) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

Civil civil(std::int64_t microseconds) {
  constexpr std::int64_t second = 1'000'000, day = 86'400 * second;
  const std::int64_t days = microseconds / day - (microseconds % day < 0 ? 1 : 0);
  const std::int64_t rest = microseconds - days * day;
  const std::int64_t seconds = rest / second;
  return {day_text(days), fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60),
          rest % second};
}

std::string fraction_text(std::int64_t microseconds, bool all_digits) {
  std::string text = fmt::format(".{:06}", microseconds);
  if (all_digits) return text;
  text.erase(text.find_last_not_of('0') + 1);
  return text == "." ? "" : text;
}

}  // namespace

std::string decimal_text(std::int64_t digits, int scale) {
  std::string text = std::to_string(digits < 0 ? -digits : digits);
  if (static_cast<int>(text.size()) <= scale) text.insert(0, static_cast<std::size_t>(scale) + 1 - text.size(), '0');
  text.insert(text.size() - static_cast<std::size_t>(scale), ".");
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return digits < 0 ? "-" + text : text;
}

ComparisonType comparison_type(ValueKind kind) {
  switch (kind) {
    case integer:
      return ComparisonType::integer;
    case decimal:
    case big_decimal:
      return ComparisonType::decimal;
    case floating:
      return ComparisonType::float8;
    case text:
      return ComparisonType::text;
    case character:
      return ComparisonType::character;
    case boolean:
      return ComparisonType::boolean;
    case timestamp:
      return ComparisonType::timestamp;
    case date:
      return ComparisonType::date;
    case ValueKind::time:
      return ComparisonType::time;
    case uuid:
      return ComparisonType::uuid;
    case ValueKind::json:
      return ComparisonType::json;
    case bytes:
      break;
  }
  return ComparisonType::bytes;
}

bool can_be_key(ValueKind kind) {
  return kind == integer || kind == text || kind == uuid || kind == date || kind == timestamp || kind == boolean ||
         kind == character || kind == bytes || kind == big_decimal;
}

std::string RandomValues::some_text() {
  if (once_in(2)) return std::string(texts[below(texts.size())]);
  std::string text;
  for (std::uint64_t i = below(12); i > 0; --i) {
    text += once_in(6) ? std::string(texts[below(texts.size())]) : std::string(1, static_cast<char>('a' + below(26)));
  }
  return text;
}

std::string RandomValues::json_value(int depth) {
  Json value;
  switch (below(depth > 2 ? 5 : 7)) {
    case 0:
      value = nullptr;
      break;
    case 1:
      value = once_in(2);
      break;
    case 2:
      value = static_cast<std::int64_t>(below(2000)) - 1000;
      break;
    case 3:
      value = static_cast<double>(below(1000)) / 4 + 0.25;
      break;
    case 4:
      value = some_text();
      break;
    case 5:
      value = Json::array();
      for (std::uint64_t i = below(4); i > 0; --i) value.push_back(Json::parse(json_value(depth + 1)));
      break;
    default:
      value = Json::object();
      for (std::uint64_t i = below(5); i > 0; --i) value[some_text()] = Json::parse(json_value(depth + 1));
  }
  // Only numbers that are written in several ways need care: whole doubles are kept as integers.
  if (value.is_number_float() && value.get<double>() == static_cast<double>(value.get<std::int64_t>())) {
    value = value.get<std::int64_t>();
  }
  return value.dump();
}

Value RandomValues::value(ValueKind kind) {
  switch (kind) {
    case integer:
      return std::to_string(once_in(3) ? static_cast<std::int64_t>(below(100)) - 50
                                       : static_cast<std::int32_t>(static_cast<std::uint32_t>(random_())));
    case decimal:
      return decimal_text(static_cast<std::int64_t>(below(2'000'000'000)) - 1'000'000'000, static_cast<int>(below(5)));
    case big_decimal:
      return fmt::format("{}{}", 1 + below(1'000'000'000'000'000'000),
                         decimal_text(static_cast<std::int64_t>(below(1'000'000)), 6).substr(1));
    case floating:
      return std::to_string(static_cast<std::int64_t>(below(2'000'000)) - 1'000'000);  // of 64ths
    case text:
      return some_text();
    case character: {
      std::string letters;
      for (std::uint64_t i = below(9); i > 0; --i) letters += static_cast<char>(once_in(8) ? ' ' : 'a' + below(26));
      letters.erase(letters.find_last_not_of(' ') + 1);
      return letters;
    }
    case boolean:
      return once_in(2) ? "1" : "0";
    case timestamp: {
      const std::int64_t second = static_cast<std::int64_t>(below(11'000'000'000)) - 600'000'000;  // 1950 to 2299
      return std::to_string(second * 1'000'000 + static_cast<std::int64_t>(once_in(3) ? 0 : below(1'000'000)));
    }
    case date:
      return std::to_string(static_cast<std::int64_t>(below(100'000)) - 10'000);
    case ValueKind::time:
      return std::to_string(once_in(2) ? below(86'400) * 1'000'000 : below(microseconds_of_a_day));
    case uuid:
      return fmt::format("{:016x}{:016x}", random_(), random_());
    case ValueKind::json:
      return json_value(0);
    case bytes:
      break;
  }
  std::string raw;
  for (std::uint64_t i = below(8); i > 0; --i) raw += static_cast<char>(below(256));
  return raw;
}

std::string RandomValues::near_miss(ValueKind kind, const std::string& value) {
  switch (kind) {
    case text:
      switch (below(5)) {
        case 0:
          return value + " ";
        case 1:
          return " " + value;
        case 2:
          return value == "é" ? "e\u0301" : value + "é";
        case 3:
          return !value.empty() && value.back() > 0 ? value.substr(0, value.size() - 1) : "x";
        default:
          return value.find('a') == std::string::npos ? value + "|" : "A" + value;
      }
    case integer:
    case floating:
    case timestamp:
    case date:
      return std::to_string(std::stoll(value) + 1);
    case ValueKind::time:
      return std::to_string((std::stoull(value) + 1) % microseconds_of_a_day);
    case decimal:
    case big_decimal:
      return value + (value.find('.') == std::string::npos ? ".1" : "1");
    case character:
      return value.size() < 10 && !value.empty() ? " " + value : "x";
    case uuid: {
      std::string digits = value;
      digits.back() = digits.back() == '0' ? '1' : '0';
      return digits;
    }
    case bytes:
      return value + '\0';
    case boolean:
    case ValueKind::json:
      break;
  }
  return *this->value(kind);
}

Value RandomValues::other(ValueKind kind, const Value& than, bool nullable) {
  while (true) {
    Value candidate;
    if (nullable && than && once_in(5)) return std::nullopt;
    if (!than && once_in(2) && (kind == text || kind == character)) return "";
    candidate = than && once_in(2) ? Value(near_miss(kind, *than)) : value(kind);
    if (candidate != than) return candidate;
  }
}

std::string RandomValues::declared(ValueKind kind, Engine engine, bool key) {
  const bool sqlite = engine == Engine::sqlite;
  const auto one_of = [&](std::initializer_list<const char*> names) {
    return std::string(*(names.begin() + below(names.size())));
  };
  switch (kind) {
    case integer:
      return sqlite ? one_of({"INTEGER", "BIGINT"}) : one_of({"int4", "int8"});
    case decimal:
      return sqlite ? one_of({"NUMERIC", "TEXT", "DECIMAL(20,6)"}) : one_of({"numeric", "numeric(24,6)"});
    case big_decimal:
      return sqlite ? "TEXT" : "numeric";
    case floating:
      return sqlite ? one_of({"REAL", "DOUBLE"}) : "float8";
    case text:
      return sqlite ? one_of({"TEXT", "VARCHAR(100)"}) : one_of({"text", "varchar(200)"});
    case character:
      return sqlite ? one_of({"TEXT", "CHAR(12)"}) : "char(12)";
    case boolean:
      return sqlite ? "BOOLEAN" : "bool";
    case timestamp:
      return sqlite ? "TEXT" : one_of({"timestamptz", "timestamp"});
    case date:
      return sqlite ? "TEXT" : "date";
    case ValueKind::time:
      return sqlite ? one_of({"TEXT", "TIME"}) : one_of({"time", "timetz"});
    case uuid:
      return sqlite ? (key ? "TEXT" : one_of({"TEXT", "BLOB"})) : "uuid";
    case ValueKind::json:
      return sqlite ? one_of({"TEXT", "JSON"}) : one_of({"jsonb", "jsonb", "jsonb", "json"});
    case bytes:
      break;
  }
  return sqlite ? "BLOB" : "bytea";
}

Written RandomValues::write_decimal(const std::string& value, Engine engine, const std::string& declared) {
  std::string text = value;
  const auto point = text.find('.');
  if (text == "0" && engine == Engine::sqlite && once_in(3)) text = "-0";
  if (once_in(3)) text += point == std::string::npos ? ".00" : "0";
  if (declared != "TEXT") return {text, text};
  if (value == "0" || !once_in(4) || point != std::string::npos) return {sql_text(text), text};
  return {sql_text(value + "0e-1"), value + "0e-1"};
}

Written RandomValues::write_boolean(bool value, Engine engine) {
  if (engine == Engine::postgres) return {value ? "true" : "false", value ? "t" : "f"};
  switch (below(3)) {
    case 0:
      return value ? Written{"'true'", "true"} : Written{"'false'", "false"};
    case 1:
      return value ? Written{"'T'", "T"} : Written{"'F'", "F"};
    default:
      return value ? Written{"1", "1"} : Written{"0", "0"};
  }
}

Written RandomValues::write_timestamp(std::int64_t microseconds, Engine engine, const std::string& declared) {
  const Civil utc = civil(microseconds);
  const std::string zone = declared == "timestamptz" ? "+00" : "";
  const std::string shown = utc.day + " " + utc.time + fraction_text(utc.fraction, false) + zone;
  if (declared == "timestamp") return {sql_text(shown), shown};
  struct Offset {
    const char* text;
    std::int64_t minutes;
  };
  constexpr std::array<Offset, 6> offsets{
      {{"Z", 0}, {"+00:00", 0}, {"+02:00", 120}, {"-05:30", -330}, {"+02", 120}, {"", 0}}};
  const Offset offset = offsets[below(offsets.size() - (engine == Engine::postgres ? 1 : 0))];
  const Civil there = civil(microseconds + offset.minutes * 60'000'000);
  const std::string text =
      there.day + (once_in(2) ? "T" : " ") + there.time + fraction_text(there.fraction, once_in(2)) + offset.text;
  return {sql_text(text), engine == Engine::sqlite ? text : shown};
}

Written RandomValues::write_time(std::int64_t microseconds, Engine engine, const std::string& declared) {
  struct Offset {
    const char* text;
    std::int64_t minutes;
  };
  constexpr std::array<Offset, 5> offsets{{{"", 0}, {"+00:00", 0}, {"+02:00", 120}, {"-05:30", -330}, {"+02", 120}}};
  Offset offset = offsets[declared == "time" && engine == Engine::postgres ? 0 : below(offsets.size())];
  std::int64_t there = microseconds + offset.minutes * 60'000'000;
  // Another day's hours are another time.
  if (there < 0 || there >= static_cast<std::int64_t>(microseconds_of_a_day)) {
    there = microseconds;
    offset = offsets[0];
  }
  const Civil clock = civil(there);
  return {sql_text(clock.time + fraction_text(clock.fraction, once_in(2)) + offset.text), ""};
}

Written RandomValues::write_uuid(const std::string& digits, Engine engine, const std::string& declared) {
  if (declared == "BLOB" && once_in(2)) return {"x'" + digits + "'", ""};
  std::string hyphened = digits;
  for (const std::size_t at : {20, 16, 12, 8}) hyphened.insert(at, "-");
  std::string text = once_in(3) ? digits : hyphened;
  if (once_in(3))
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  if (text.size() == 36 && once_in(5)) text = "{" + text + "}";
  return {sql_text(text), engine == Engine::postgres ? hyphened : text};
}

// The members in any order, blanks anywhere, numbers and letters spelled in any way.
std::string RandomValues::write_json(const std::string& value) {
  const Json parsed = Json::parse(value);
  const std::string blank = once_in(2) ? " " : "";
  std::vector<std::string> parts;
  if (parsed.is_array()) {
    for (const auto& item : parsed) parts.push_back(write_json(item.dump()));
    return fmt::format("[{1}{0}]", fmt::join(parts, "," + blank), blank);
  }
  if (parsed.is_object()) {
    for (const auto& [name, item] : parsed.items()) {
      parts.push_back(Json(name).dump(-1, ' ', once_in(2)) + blank + ":" + write_json(item.dump()));
    }
    std::shuffle(parts.begin(), parts.end(), random_);
    return fmt::format("{{{0}{1}}}", fmt::join(parts, blank + ","), blank);
  }
  if (parsed.is_string()) return parsed.dump(-1, ' ', once_in(2));
  if (parsed.is_number_integer() && once_in(3)) return value + ".0";
  if (parsed.is_number_integer() && parsed != 0 && once_in(3)) return value + "0e-1";
  return parsed.is_number_float() && once_in(3) ? value + "0" : value;
}

Written RandomValues::write(const Value& value, ValueKind kind, Engine engine, const std::string& declared) {
  if (!value) return {"NULL", "NULL"};
  switch (kind) {
    case decimal:
    case big_decimal:
      return write_decimal(*value, engine, declared);
    case floating: {
      const double number = static_cast<double>(std::stoll(*value)) / 64;
      return {once_in(2) ? fmt::format("{:.10e}", number) : fmt::format("{:.6f}", number), ""};
    }
    case text:
      return {sql_text(*value), shown_text(*value)};
    case character: {
      std::string padded = *value + std::string(engine == Engine::postgres ? 12 - value->size() : below(4), ' ');
      return {sql_text(engine == Engine::postgres && once_in(2) ? *value : padded), shown_text(padded)};
    }
    case boolean:
      return write_boolean(*value == "1", engine);
    case timestamp:
      return write_timestamp(std::stoll(*value), engine, declared);
    case date:
      return {sql_text(day_text(std::stoll(*value))), day_text(std::stoll(*value))};
    case ValueKind::time:
      return write_time(std::stoll(*value), engine, declared);
    case uuid:
      return write_uuid(*value, engine, declared);
    case ValueKind::json:
      return {sql_text(write_json(*value)), ""};
    case bytes: {
      const std::string digits = stores::hexadecimal(*value);
      return {engine == Engine::sqlite ? "x'" + digits + "'" : "'\\x" + digits + "'", "x'" + digits + "'"};
    }
    case integer:
      break;
  }
  return {*value, *value};
}

}  // namespace sluice::migration
