#include "suites/compat/answer_body.hpp"

#include <algorithm>
#include <vector>

#include "harness/core/printable.hpp"
#include "harness/scenario/templates.hpp"
#include "suites/compat/ascii.hpp"

namespace sluice::compat {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.emplace_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string media_type(const net::Response& response) {
  const std::string* value = response.header("Content-Type");
  return value == nullptr ? "" : lower_case(split(*value, ';').front());
}

bool is_json_type(std::string_view type) { return type == "application/json" || type.ends_with("+json"); }

std::string normalised_content_type(std::string_view value) {
  const auto parts = split(value, ';');
  std::string result = lower_case(parts.front());
  std::vector<std::string> parameters;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    std::string parameter = parts[i];
    std::erase(parameter, '"');
    const auto name_end = std::min(parameter.find('='), parameter.size());
    const std::string name = lower_case(parameter.substr(0, name_end));
    parameter = name == "charset" ? lower_case(parameter) : name + parameter.substr(name_end);
    // JSON is UTF-8 whether it says so or not (RFC 8259, 8.1).
    const bool habit = is_json_type(result) && (parameter == "charset=utf-8" || parameter == "charset=utf8");
    if (!parameter.empty() && !habit) parameters.push_back(std::move(parameter));
  }
  std::sort(parameters.begin(), parameters.end());
  for (const std::string& parameter : parameters) result += "; " + parameter;
  return result;
}

/// One event being read: lines up to an empty one.
struct Event {
  std::string fields;
  std::string data;
  bool has_data = false;

  void add(const std::string& name, std::string_view value) {
    if (name == "data") {
      if (has_data) data += '\n';
      data += value;
      has_data = true;
    } else if (name == "event" || name == "id" || name == "retry") {
      fields += (fields.empty() ? "\"" : ",\"") + name + "\":\"" + scenario::json_escape(value) + "\"";
    }
  }
  std::string take() {
    std::string object = "{" + fields;
    if (has_data) {
      const bool json = parse_exact_json(data).value.has_value();
      object += std::string(fields.empty() ? "" : ",") +
                "\"data\":" + (json ? data : "\"" + scenario::json_escape(data) + "\"");
    }
    *this = {};
    return object + "}";
  }
  bool empty() const { return fields.empty() && !has_data; }
};

}  // namespace

std::string events_as_json(std::string_view stream) {
  std::string array = "[";
  Event event;
  const auto finish = [&] {
    if (event.empty()) return;
    if (array.size() > 1) array += ',';
    array += event.take();
  };
  while (!stream.empty()) {
    const auto end = stream.find('\n');
    std::string_view line = stream.substr(0, end);
    stream.remove_prefix(end == std::string_view::npos ? stream.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) {
      finish();
      continue;
    }
    if (line.starts_with(':')) continue;  // a comment, mostly a heartbeat
    const auto colon = line.find(':');
    std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    event.add(std::string(line.substr(0, colon)), value);
  }
  finish();
  return array + "]";
}

AnswerBody read_body(const net::Response& response) {
  AnswerBody body;
  auto decoded = net::decoded_body(response);
  if (!decoded) {
    body.kind = AnswerBody::Kind::undecodable;
    body.text = response.body;
    return body;
  }
  body.text = std::move(*decoded);
  if (body.text.empty()) return body;
  const std::string type = media_type(response);
  const bool text = is_utf8(body.text) && body.text.find('\0') == std::string::npos;
  body.kind = text ? AnswerBody::Kind::text : AnswerBody::Kind::bytes;
  if (!text) return body;
  if (type == "text/event-stream") {
    body.json = parse_exact_json(events_as_json(body.text)).value;
    if (body.json) body.kind = AnswerBody::Kind::events;
    return body;
  }
  const auto start = body.text.find_first_not_of(" \t\r\n");
  const bool looks_like_json = start != std::string::npos && (body.text[start] == '{' || body.text[start] == '[');
  if (is_json_type(type) || looks_like_json) {
    body.json = parse_exact_json(body.text).value;
    if (body.json) body.kind = AnswerBody::Kind::json;
  }
  return body;
}

const char* describe(AnswerBody::Kind kind) {
  switch (kind) {
    case AnswerBody::Kind::empty:
      return "empty";
    case AnswerBody::Kind::json:
      return "JSON";
    case AnswerBody::Kind::events:
      return "an event stream";
    case AnswerBody::Kind::text:
      return "text that is not JSON";
    case AnswerBody::Kind::bytes:
      return "binary";
    case AnswerBody::Kind::undecodable:
      return "in a content coding that cannot be undone here";
  }
  return "unknown";
}

std::optional<std::string> joined_header(const net::Response& response, std::string_view name) {
  std::optional<std::string> joined;
  for (const net::Header& header : response.headers) {
    if (lower_case(header.name) != lower_case(name)) continue;
    joined = joined ? *joined + ", " + header.value : header.value;
  }
  return joined;
}

std::string normalised_header(std::string_view name, std::string_view value) {
  const std::string lowered = lower_case(name);
  if (lowered == "content-type") return normalised_content_type(value);
  if (lowered != "allow" && lowered != "cache-control" && lowered != "vary") return std::string(value);
  auto parts = split(value, ',');
  for (std::string& part : parts) part = lowered == "allow" ? part : lower_case(part);
  std::sort(parts.begin(), parts.end());
  std::string list;
  for (const std::string& part : parts) list += (list.empty() ? "" : ", ") + part;
  return list;
}

}  // namespace sluice::compat
