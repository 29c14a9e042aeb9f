#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cmath>
#include <functional>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/net/request_text.hpp"
#include "harness/scenario/corpus_sources.hpp"

namespace sluice::scenario {
namespace {

using Type = ExactJson::Type;

/// One line being read: knows where it is for every message.
class LineReader {
 public:
  LineReader(std::string location, const ExactJson& object) : object_(object) { step_.location = std::move(location); }
  Step read();

 private:
  [[noreturn]] void refuse(const std::string& why) const { throw InputError(step_.location + ": " + why); }
  void take(const std::string& key, const ExactJson& value);
  void take_body(const std::string& key, const ExactJson& value);
  void take_headers(const ExactJson& value);
  void take_capture(const ExactJson& value);
  void take_send(const ExactJson& value);
  void finish();

  const std::string& text(const std::string& key, const ExactJson& value) const {
    if (value.type() != Type::string) refuse(fmt::format("\"{}\" must be a string", key));
    return value.text();
  }
  double number(const std::string& key, const ExactJson& value) const;
  bool has(std::string_view key) const { return object_.find(key) != nullptr; }

  const ExactJson& object_;
  Step step_;
};

constexpr std::array<std::string_view, 11> keys{"name", "session", "method", "path",      "headers", "json",
                                                "text", "capture", "weight", "websocket", "send"};

double LineReader::number(const std::string& key, const ExactJson& value) const {
  double result = 0;
  const std::string& lexeme = value.text();
  const auto read = std::from_chars(lexeme.data(), lexeme.data() + lexeme.size(), result);
  if (value.type() != Type::number || read.ec != std::errc() || !std::isfinite(result) || result < 0) {
    refuse(fmt::format("\"{}\" must be a number from 0", key));
  }
  return result;
}

void LineReader::take(const std::string& key, const ExactJson& value) {
  if (key == "name") {
    step_.name = text(key, value);
    if (step_.name.empty()) refuse("\"name\" must not be empty; leave it out to have one made");
  } else if (key == "session") {
    step_.session = text(key, value);
  } else if (key == "method") {
    step_.method = text(key, value);
  } else if (key == "path" || key == "websocket") {
    step_.path = text(key, value);
    step_.websocket = key == "websocket";
  } else if (key == "headers") {
    take_headers(value);
  } else if (key == "json" || key == "text") {
    take_body(key, value);
  } else if (key == "capture") {
    take_capture(value);
  } else if (key == "send") {
    take_send(value);
  } else if (key == "expect") {
    const double count = number(key, value);
    if (count != std::floor(count) || count > 10'000) refuse("\"expect\" must be a whole number up to 10000");
    step_.expect = static_cast<std::size_t>(count);
  } else if (key == "weight") {
    step_.weight = number(key, value);
  } else {
    std::string known;
    for (const auto name : keys) known += std::string(name) + ", ";
    refuse(fmt::format("unknown key \"{}\"; a step has {}expect", printable(key, 60), known));
  }
}

void LineReader::take_body(const std::string& key, const ExactJson& value) {
  if (step_.body) refuse("a step has \"json\" or \"text\", not both");
  step_.json_body = key == "json";
  step_.body = step_.json_body ? value.dump() : text(key, value);
}

void LineReader::take_headers(const ExactJson& value) {
  if (value.type() != Type::object) refuse("\"headers\" must be an object of strings");
  for (const auto& [name, content] : value.members()) {
    net::Header header{name, text("headers/" + name, content)};
    try {
      net::check_header(header);
    } catch (const InputError& error) {
      refuse(error.what());
    }
    step_.headers.push_back(std::move(header));
  }
}

void LineReader::take_capture(const ExactJson& value) {
  if (value.type() != Type::object) refuse("\"capture\" must be an object: variable -> JSON pointer");
  for (const auto& [name, pointer] : value.members()) {
    const std::string& text_of_pointer = text("capture/" + name, pointer);
    if (!text_of_pointer.empty() && text_of_pointer.front() != '/') {
      refuse(
          fmt::format("\"{}\" is not a JSON pointer: it starts with / or is empty", printable(text_of_pointer, 100)));
    }
    if (name.empty() || name.starts_with("unique"))
      refuse(fmt::format("\"{}\" cannot be captured", printable(name, 60)));
    step_.capture[name] = text_of_pointer;
  }
}

void LineReader::take_send(const ExactJson& value) {
  if (value.type() != Type::array) refuse("\"send\" must be an array: strings are sent as they are, all else as JSON");
  for (const ExactJson& message : value.items()) {
    step_.send.push_back(message.type() == Type::string ? message.text() : message.dump());
  }
}

void LineReader::finish() {
  if (has("path") == has("websocket")) refuse("a step has \"path\" (HTTP) or \"websocket\", and not both");
  if (step_.path.empty() || step_.path.front() != '/') refuse("the path must start with /");
  if (step_.websocket && (has("method") || step_.body))
    refuse("a WebSocket step has no method and no body; use \"send\"");
  if (!step_.websocket && (has("send") || has("expect"))) refuse("\"send\" and \"expect\" need \"websocket\"");
  if (step_.method.empty() || step_.method.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != std::string::npos) {
    refuse(fmt::format("\"{}\" is not a method; write it in capitals", printable(step_.method, 40)));
  }
  if (!step_.json_body) return;
  for (const net::Header& header : step_.headers) {
    net::Response names;
    names.headers = {header};
    if (names.header("Content-Type") != nullptr) return;
  }
  step_.headers.push_back({"Content-Type", "application/json"});
}

Step LineReader::read() {
  if (object_.type() != Type::object) refuse("a step is a JSON object on a line of its own");
  if (object_.has_duplicate_names()) refuse("a key is given twice");
  for (const auto& [key, value] : object_.members()) take(key, value);
  finish();
  return std::move(step_);
}

}  // namespace

std::vector<Step> steps_of_lines(const std::string& file, std::string_view text) {
  std::vector<Step> steps;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string location = fmt::format("{}:{}", file, number);
    const JsonParse parsed = parse_exact_json(line);
    if (!parsed.value) throw InputError(fmt::format("{}: {}", location, parsed.error));
    if (steps.size() == most_steps) throw InputError(fmt::format("{}: more than {} steps", location, most_steps));
    steps.push_back(LineReader(location, *parsed.value).read());
  }
  return steps;
}

}  // namespace sluice::scenario
