#pragma once
#include <string>

#include "harness/net/endpoint.hpp"
#include "harness/net/http_client.hpp"

namespace sluice::net {

/// The bytes of the request's head, up to and including the empty line. Host is added unless given, Content-Length
/// whenever there is a body or the method usually has one. Throws InputError for a method, target or header that would
/// break the message apart.
std::string request_head(const Endpoint& endpoint, const Request& request);

/// Throws InputError when a header's name is not a token or its value holds a control character.
void check_header(const Header& header);

/// Throws InputError unless the target is visible ASCII that starts with "/".
void check_target(std::string_view target);

/// Whether sending it twice leaves the service as sending it once does (RFC 9110, 9.2.2).
bool is_idempotent(std::string_view method);

/// "GET http://127.0.0.1:8080/api/items?limit=2", for messages; printable and bounded.
std::string describe(const Endpoint& endpoint, std::string_view method, std::string_view target);

}  // namespace sluice::net
