#include "suites/compat/tamper.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "harness/core/printable.hpp"
#include "harness/scenario/templates.hpp"
#include "suites/compat/answer_body.hpp"

namespace sluice::compat {
namespace {

using Type = ExactJson::Type;

/// Another text of the same length, so that nothing but the value can tell.
std::string altered_text(std::string text) {
  if (text.empty()) return "x";
  char& last = text.back();
  if (static_cast<unsigned char>(last) >= 0x80) return text + "x";
  last = last == 'x' ? 'y' : 'x';
  return text;
}

std::string altered_number(std::string lexeme) {
  const auto mantissa_end = std::min(lexeme.find_first_of("eE"), lexeme.size());
  const auto digit = lexeme.find_last_of("0123456789", mantissa_end - 1);
  lexeme[digit] = lexeme[digit] == '9' ? '8' : static_cast<char>(lexeme[digit] + 1);
  return lexeme;
}

std::optional<std::string> altered_scalar(const ExactJson& json) {
  switch (json.type()) {
    case Type::null:
      return "\"x\"";
    case Type::boolean:
      return json.boolean() ? "false" : "true";
    case Type::number:
      return altered_number(json.text());
    case Type::string:
      return "\"" + scenario::json_escape(altered_text(json.text())) + "\"";
    case Type::array:
    case Type::object:
      return std::nullopt;
  }
  return std::nullopt;
}

/// Writes `json` anew with `replacement` in the place of `target`.
std::string rewritten(const ExactJson& json, const ExactJson* target, const std::string& replacement) {
  if (&json == target) return replacement;
  std::string text;
  if (json.type() == Type::array) {
    for (const ExactJson& item : json.items()) text += (text.empty() ? "" : ",") + rewritten(item, target, replacement);
    return "[" + text + "]";
  }
  if (json.type() == Type::object) {
    for (const auto& [name, value] : json.members()) {
      text += std::string(text.empty() ? "" : ",") + "\"" + scenario::json_escape(name) +
              "\":" + rewritten(value, target, replacement);
    }
    return "{" + text + "}";
  }
  return json.dump();
}

void set_body(net::Response& response, std::string body) {
  response.body = std::move(body);
  std::erase_if(response.headers, [](const net::Header& header) {
    net::Response names;
    names.headers = {header};
    return names.header("Content-Encoding") != nullptr || names.header("Content-Length") != nullptr;
  });
}

std::optional<Tampering> tamper_header(net::Response& response, const std::string& place) {
  for (net::Header& header : response.headers) {
    net::Response names;
    names.headers = {header};
    if (names.header(place.substr(place.find(':') + 1)) == nullptr) continue;
    Tampering what{.place = place, .old_value = header.value, .new_value = altered_text(header.value)};
    header.value = what.new_value;
    return what;
  }
  return std::nullopt;
}

std::optional<Tampering> tamper_line(net::Response& response, const std::string& place) {
  std::size_t number = 0;
  std::from_chars(place.data() + 5, place.data() + place.size(), number);
  const AnswerBody body = read_body(response);
  if (body.kind != AnswerBody::Kind::text || number == 0) return std::nullopt;
  std::size_t start = 0;
  for (std::size_t line = 1; line < number; ++line) {
    start = body.text.find('\n', start);
    if (start == std::string::npos) return std::nullopt;
    ++start;
  }
  const std::size_t end = std::min(body.text.find('\n', start), body.text.size());
  Tampering what{.place = place, .old_value = body.text.substr(start, end - start), .new_value = {}};
  what.new_value = altered_text(what.old_value);
  set_body(response, body.text.substr(0, start) + what.new_value + body.text.substr(end));
  return what;
}

std::optional<Tampering> tamper_message(scenario::Exchange& exchange, const std::string& place) {
  constexpr std::string_view prefix = "/messages/";
  std::size_t index = 0;
  const auto read = std::from_chars(place.data() + prefix.size(), place.data() + place.size(), index);
  if (read.ec != std::errc() || index >= exchange.messages.size()) return std::nullopt;
  auto& message = exchange.messages[index];
  Tampering what{.place = place, .old_value = {}, .new_value = {}};
  const std::string_view pointer(read.ptr, static_cast<std::size_t>(place.data() + place.size() - read.ptr));
  const JsonParse parsed = parse_exact_json(message.payload);
  if (parsed.value) {
    auto altered = altered_json(*parsed.value, pointer, what);
    if (!altered) return std::nullopt;
    message.payload = std::move(*altered);
    return what;
  }
  what.old_value = message.payload;
  what.new_value = message.payload = altered_text(message.payload);
  return what;
}

}  // namespace

std::optional<std::string> altered_json(const ExactJson& json, std::string_view pointer, Tampering& what) {
  const ExactJson* target = json.at_pointer(pointer);
  if (target == nullptr) return std::nullopt;
  const auto replacement = altered_scalar(*target);
  if (!replacement) return std::nullopt;
  what.old_value = target->dump();
  what.new_value = *replacement;
  return rewritten(json, target, *replacement);
}

std::optional<Tampering> tamper(scenario::Exchange& exchange, const std::string& place) {
  if (!exchange.response) return std::nullopt;
  if (place.starts_with("header:")) return tamper_header(*exchange.response, place);
  if (place.starts_with("body/")) return tamper_line(*exchange.response, place);
  if (exchange.step->websocket && place.starts_with("/messages/")) return tamper_message(exchange, place);
  const AnswerBody body = read_body(*exchange.response);
  if (body.kind != AnswerBody::Kind::json) return std::nullopt;
  Tampering what{.place = place, .old_value = {}, .new_value = {}};
  auto altered = altered_json(*body.json, place, what);
  if (!altered) return std::nullopt;
  set_body(*exchange.response, std::move(*altered));
  return what;
}

Tampering tamper_status(scenario::Exchange& exchange) {
  const unsigned old_status = exchange.response->status;
  exchange.response->status = old_status == 500 ? 200 : 500;
  return {.place = "status",
          .old_value = std::to_string(old_status),
          .new_value = std::to_string(exchange.response->status)};
}

}  // namespace sluice::compat
