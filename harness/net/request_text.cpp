#include "harness/net/request_text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"

namespace sluice::net {
namespace {

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.find(c) != std::string_view::npos;
  });
}

bool is_header_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= 0x20 && byte != 0x7F);
  });
}

bool has_header(const Request& request, std::string_view name) {
  Response names;
  names.headers = request.headers;
  return names.header(name) != nullptr;
}

bool usually_has_body(std::string_view method) { return method == "POST" || method == "PUT" || method == "PATCH"; }

}  // namespace

void check_header(const Header& header) {
  if (!is_token(header.name)) {
    throw InputError(fmt::format("\"{}\" cannot be the name of a header", printable(header.name, 100)));
  }
  if (!is_header_value(header.value)) {
    throw InputError(fmt::format("the value of header {} holds a control character: \"{}\"", header.name,
                                 printable(header.value, 100)));
  }
}

void check_target(std::string_view target) {
  const bool visible = std::all_of(target.begin(), target.end(),
                                   [](char c) { return c > 0x20 && static_cast<unsigned char>(c) < 0x7F; });
  if (target.empty() || (target.front() != '/' && target != "*") || !visible) {
    throw InputError(
        fmt::format("\"{}\" cannot be requested: a path starts with / and is percent-encoded", printable(target, 200)));
  }
}

bool is_idempotent(std::string_view method) {
  constexpr std::array<std::string_view, 6> methods{"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
  return std::find(methods.begin(), methods.end(), method) != methods.end();
}

std::string describe(const Endpoint& endpoint, std::string_view method, std::string_view target) {
  return fmt::format("{} {}://{}{}{}", printable(method, 40), endpoint.scheme, endpoint.authority(), endpoint.base_path,
                     printable(target, 200));
}

std::string request_head(const Endpoint& endpoint, const Request& request) {
  if (!is_token(request.method)) {
    throw InputError(fmt::format("\"{}\" cannot be a method", printable(request.method, 40)));
  }
  check_target(request.target);
  const std::string target = request.target == "*" ? request.target : endpoint.base_path + request.target;
  std::string head = fmt::format("{} {} HTTP/1.1\r\n", request.method, target);
  if (!has_header(request, "Host")) head += fmt::format("Host: {}\r\n", endpoint.authority());
  for (const Header& header : request.headers) {
    check_header(header);
    head += fmt::format("{}: {}\r\n", header.name, header.value);
  }
  const bool framed = has_header(request, "Content-Length") || has_header(request, "Transfer-Encoding");
  if (!framed && (!request.body.empty() || usually_has_body(request.method))) {
    head += fmt::format("Content-Length: {}\r\n", request.body.size());
  }
  return head + "\r\n";
}

}  // namespace sluice::net
