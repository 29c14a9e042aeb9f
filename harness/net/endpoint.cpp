#include "harness/net/endpoint.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"

namespace sluice::net {
namespace urls = boost::urls;
namespace {

bool is_secure(std::string_view scheme) { return scheme == "https" || scheme == "wss"; }

[[noreturn]] void refuse(std::string_view url, std::string_view why) {
  throw InputError(
      fmt::format("\"{}\" is not the URL of an endpoint: {}; write it as http://HOST:PORT (or https, ws, wss)",
                  printable(url, 200), why));
}

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lowered;
}

}  // namespace

std::string Endpoint::authority() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Endpoint parse_endpoint(std::string_view url) {
  auto parsed = urls::parse_uri(urls::string_view(url.data(), url.size()));
  // Boost.URL 1.81 cuts a name that begins with an IPv4 address ("127.0.0.1.example.org") after the address and takes
  // the rest for the path. With a letter before it, it reads the name as one.
  std::string guarded;
  if (parsed && parsed->has_authority() && !parsed->encoded_path().empty() && parsed->encoded_path().front() != '/') {
    guarded = std::string(url);
    guarded.insert(guarded.find("://") + 3, 1, 'x');
    parsed = urls::parse_uri(guarded);
  }
  if (!parsed) refuse(url, "it has no scheme and host, or a character that URLs do not allow");
  const urls::url_view& view = *parsed;

  Endpoint endpoint;
  endpoint.scheme = lower_case({view.scheme().data(), view.scheme().size()});
  if (endpoint.scheme != "http" && endpoint.scheme != "https" && endpoint.scheme != "ws" && endpoint.scheme != "wss") {
    refuse(url, fmt::format("its scheme is \"{}\"", endpoint.scheme));
  }
  if (!view.has_authority() || view.encoded_host().empty()) refuse(url, "it names no host");
  if (view.has_userinfo()) refuse(url, "it holds a user name; give credentials as a header");
  if (view.has_query() || view.has_fragment()) refuse(url, "it has a query or a fragment");
  const auto host = view.host_address();
  endpoint.host = lower_case({host.data(), host.size()});
  if (!guarded.empty()) endpoint.host.erase(0, 1);
  endpoint.port = is_secure(endpoint.scheme) ? 443 : 80;
  if (view.has_port()) {
    if (view.port_number() == 0) refuse(url, "its port is not a number from 1 to 65535");
    endpoint.port = view.port_number();
  }
  const auto path = view.encoded_path();
  endpoint.base_path.assign(path.data(), path.size());
  while (!endpoint.base_path.empty() && endpoint.base_path.back() == '/') endpoint.base_path.pop_back();
  return endpoint;
}

bool is_loopback(const Endpoint& endpoint) {
  if (endpoint.host == "localhost") return true;
  // inet_pton takes whole addresses only; Boost.URL 1.81 also accepts names that begin with one
  // ("127.0.0.1.example.org").
  in_addr v4{};
  if (::inet_pton(AF_INET, endpoint.host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  if (::inet_pton(AF_INET6, endpoint.host.c_str(), &v6) == 1) {
    return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
  }
  return false;
}

}  // namespace sluice::net
