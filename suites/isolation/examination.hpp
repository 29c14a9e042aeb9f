#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "harness/scenario/player.hpp"
#include "suites/isolation/token_registry.hpp"

namespace sluice::isolation {

/// One stream of bytes among what a user received.
struct Place {
  std::string name;      ///< "status reason", "header Set-Cookie", "body", "message 2", "close reason"
  std::string decoding;  ///< what was undone before the search: "gzip"; empty for the bytes as they came
  /// The name without what counts up, to tell leaks of one kind: "message"; empty where the name is all.
  std::string kind = {};
};

/// A token in something that was received. Valid during the call only.
struct Sighting {
  const RegisteredToken& token;
  const TokenHit& hit;
  const Place& place;
  std::string_view stream;  ///< the whole of what was searched; the hit's offset counts from its start
};

using SightingSink = std::function<void(const Sighting&)>;

/// How much of one exchange was searched.
struct Examination {
  std::uint64_t bytes = 0;            ///< searched, decoded ones also
  std::uint64_t unscanned_bytes = 0;  ///< received and not understood
  std::string obstacle;               ///< why not: "Content-Encoding: br"
};

/// Searches every byte of an answer: reason phrase, names and values of headers and trailers, body as it came and
/// decoded, WebSocket messages, close reason. Gzip is also undone where no header announces it. `decoded_limit`: bytes
/// that a body may inflate to.
Examination examine(const scenario::Exchange& exchange, const Watchlist& watchlist, std::size_t decoded_limit,
                    const SightingSink& sink);

/// Searches what the user sent: target, headers, body, messages.
void examine_sent(const scenario::Exchange& exchange, const Watchlist& watchlist, const SightingSink& sink);

/// Whether a token in what `viewer` received is one that the viewer must not see. `identifiers_sent`: texts of foreign
/// identifiers that the viewer itself has sent.
bool is_leak(const RegisteredToken& token, std::size_t viewer, const std::set<std::string>& identifiers_sent);

}  // namespace sluice::isolation
