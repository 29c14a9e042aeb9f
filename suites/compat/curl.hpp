#pragma once
#include <string>

#include "harness/net/http_client.hpp"

namespace sluice::compat {

/// A curl command that sends the request to a side. Credentials are left out, long bodies too, and the command says so.
std::string curl_command(const std::string& base_url, const net::Request& request);

}  // namespace sluice::compat
