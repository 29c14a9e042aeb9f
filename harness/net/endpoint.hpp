#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::net {

/// A parsed base URL: http, https, ws or wss. `base_path` has no trailing slash ("" or "/app").
struct Endpoint {
  std::string scheme = "http";
  std::string host;
  std::uint16_t port = 80;
  std::string base_path;

  bool tls() const { return scheme == "https" || scheme == "wss"; }
  /// "host:port" as the Host header and for messages.
  std::string authority() const;
};

/// Throws InputError naming the URL when it is not one of the four schemes with a host.
Endpoint parse_endpoint(std::string_view url);

/// Whether the host can only be this machine (127.0.0.0/8, ::1, localhost).
bool is_loopback(const Endpoint& endpoint);

}  // namespace sluice::net
