#include "suites/migration/live/live_writes_request.hpp"

#include <fmt/core.h>

#include <array>

#include "harness/core/errors.hpp"
#include "harness/net/request_text.hpp"
#include "harness/scenario/templates.hpp"

namespace sluice::migration {
namespace {

enum class Escape { none, json, percent };

std::string escaped(const std::string& text, Escape escape) {
  if (escape == Escape::json) return scenario::json_escape(text);
  return escape == Escape::percent ? net::percent_encode(text) : text;
}

// Only the placeholders count: JSON is full of braces.
std::string filled_in(const std::string& text, const WriteRecord& write, Escape escape) {
  const std::array<std::pair<std::string, std::string>, 6> values{
      {{"{nonce}", write.is_delete() ? write.removes : write.nonce},
       {"{value}", write.value},
       {"{user}", write.user},
       {"{key}", write.key},
       {"{id}", write.id},
       {"{number}", std::to_string(write.number)}}};
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    bool replaced = false;
    for (const auto& [placeholder, value] : values) {
      if (text.compare(at, placeholder.size(), placeholder) != 0) continue;
      result += escaped(value, escape);
      at += placeholder.size();
      replaced = true;
      break;
    }
    if (!replaced) result += text[at++];
  }
  return result;
}

// An array, or an object: a brace that begins no placeholder.
bool starts_as_json(const std::string& body) {
  constexpr const char* blanks = " \t\r\n";
  const auto first = body.find_first_not_of(blanks);
  if (first == std::string::npos) return false;
  const auto second = body.find_first_not_of(blanks, first + 1);
  return body[first] == '[' ||
         (body[first] == '{' && second != std::string::npos && (body[second] == '"' || body[second] == '}'));
}

}  // namespace

WriteTemplate::WriteTemplate(const Parameters& written, const std::string& name)
    : method_(written.text("method")), path_(written.text("path")) {
  if (!path_.starts_with('/')) throw InputError(fmt::format("{}: the path must start with /", name));
  if (written.has("body")) body_ = written.text("body");
  if (written.has("headers")) {
    for (const auto& [header, value] : written.value("headers").items()) {
      headers_.push_back({header, value.get<std::string>()});
      try {
        net::check_header(headers_.back());
      } catch (const InputError& error) {
        throw InputError(fmt::format("{}: {}", name, error.what()));
      }
      if (headers_.back().value.find("{value}") != std::string::npos)
        throw InputError(fmt::format("{}: a header cannot hold {{value}}; send {{nonce}} there", name));
    }
  }
}

net::Request WriteTemplate::render(const WriteRecord& write) const {
  net::Request request{
      .method = method_, .target = filled_in(path_, write, Escape::percent), .headers = {}, .body = {}};
  net::Response names;  // finds headers by name
  for (const auto& header : headers_) {
    request.headers.push_back({header.name, filled_in(header.value, write, Escape::none)});
    names.headers.push_back(request.headers.back());
  }
  if (body_.empty()) return request;
  const std::string* const type = names.header("Content-Type");
  const bool looks_like_json = starts_as_json(body_);
  const bool json = type == nullptr ? looks_like_json : type->find("json") != std::string::npos;
  const bool form = type != nullptr && type->find("x-www-form-urlencoded") != std::string::npos;
  request.body = filled_in(body_, write, json ? Escape::json : form ? Escape::percent : Escape::none);
  if (type == nullptr && json) request.headers.push_back({"Content-Type", "application/json"});
  return request;
}

bool WriteTemplate::carries(const std::string& placeholder) const {
  const std::string wanted = "{" + placeholder + "}";
  bool found = path_.find(wanted) != std::string::npos || body_.find(wanted) != std::string::npos;
  for (const auto& header : headers_) found = found || header.value.find(wanted) != std::string::npos;
  return found;
}

std::vector<ParameterSpec> request_fields(const std::string& default_method, const std::string& example) {
  return {{.name = "method", .doc = "GET, POST, PUT, …", .default_text = default_method},
          {.name = "path", .doc = example, .required = true},
          {.name = "headers",
           .type = ParameterType::map,
           .doc = "sent with it; values may hold placeholders too",
           .item = {{.name = "value", .type = ParameterType::text}}},
          {.name = "body", .doc = "'{\"text\": \"{value}\", \"session_id\": \"{user}\"}'"}};
}

std::string value_of(const std::string& nonce, std::uint64_t number) {
  static const std::array<const char*, 4> tails{" na\u00efve caf\u00e9 \"quoted\" back\\slash ", " it's 50% & <b>; --",
                                                " \u65e5\u672c\u8a9e \U0001F600 e\u0301", " plain words"};
  return nonce + tails[number % tails.size()];
}

}  // namespace sluice::migration
