#pragma once
#include <memory>
#include <string>

#include "harness/scenario/player.hpp"
#include "suites/isolation/token_registry.hpp"

// Two users and their tokens, for this suite's tests.
namespace sluice::isolation::testing {

inline const std::string secret_of_1 = "k3v9x0q7m2b8n4c6z1l5j0h7g2";
inline const std::string secret_of_2 = "a8s7d6f5g4h3j2k1l0q9w8e7r6";
inline const std::string session_of_2 = "p0o9i8u7y6t5r4e3w2q1m2n3b4";

inline std::shared_ptr<const Watchlist> two_users() {
  return std::make_shared<const Watchlist>(
      std::vector<RegisteredToken>{{.text = secret_of_1, .name = "secret", .owner = 1, .round = 1, .side = "new"},
                                   {.text = secret_of_2, .name = "secret", .owner = 2, .round = 1, .side = "new"},
                                   {.text = session_of_2,
                                    .name = "session",
                                    .token_class = TokenClass::identifier,
                                    .owner = 2,
                                    .round = 1,
                                    .side = "new"}});
}

/// An exchange whose answer has this body.
inline scenario::Exchange answer(std::string body, std::vector<net::Header> headers = {}) {
  scenario::Exchange exchange;
  exchange.response =
      net::Response{.status = 200, .reason = "OK", .headers = std::move(headers), .body = std::move(body)};
  return exchange;
}

}  // namespace sluice::isolation::testing
