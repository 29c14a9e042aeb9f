#include "suites/compat/curl.hpp"

#include <array>
#include <string_view>

#include "harness/core/printable.hpp"

namespace sluice::compat {
namespace {

constexpr std::size_t longest_body = 2000;
constexpr std::array<std::string_view, 6> secret_headers{"authorization", "cookie",       "proxy-authorization",
                                                         "x-api-key",     "x-auth-token", "x-csrf-token"};

bool is_secret(const net::Header& header) {
  net::Response names;
  names.headers = {header};
  for (const std::string_view name : secret_headers) {
    if (names.header(name) != nullptr) return true;
  }
  return false;
}

}  // namespace

std::string curl_command(const std::string& base_url, const net::Request& request) {
  std::string command = "curl -sS -i";
  if (request.method == "HEAD")
    command += " -I";
  else if (request.method != "GET")
    command += " -X " + shell_word(request.method);
  for (const net::Header& header : request.headers) {
    command += " -H " + shell_word(header.name + ": " + (is_secret(header) ? "REDACTED" : header.value));
  }
  const bool plain =
      is_utf8(request.body) && request.body.find_first_of(std::string_view("\n\r\0", 3)) == std::string::npos;
  if (!request.body.empty()) {
    command +=
        " --data-raw " + shell_word(plain && request.body.size() <= longest_body ? request.body : "THE-STEP'S-BODY");
  }
  return command + " " + shell_word(base_url + request.target);
}

}  // namespace sluice::compat
