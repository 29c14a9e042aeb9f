#include "suites/isolation/examination.hpp"

#include <fmt/core.h>

#include "harness/core/printable.hpp"

namespace sluice::isolation {
namespace {

constexpr std::string_view gzip_magic = "\x1f\x8b\x08";

/// One exchange under examination.
class Search {
 public:
  Search(const Watchlist& watchlist, std::size_t decoded_limit, const SightingSink& sink)
      : watchlist_(watchlist), decoded_limit_(decoded_limit), sink_(sink) {}

  void bytes(const Place& place, std::string_view stream) {
    result_.bytes += stream.size();
    watchlist_.scanner.scan(stream, [&](const TokenHit& hit) {
      sink_({.token = watchlist_.of(hit), .hit = hit, .place = place, .stream = stream});
    });
  }

  /// Bytes that may be compressed without saying so: a download, a binary message.
  void content(const Place& place, std::string_view stream) {
    bytes(place, stream);
    if (!stream.starts_with(gzip_magic)) return;
    net::Response wrapped;
    wrapped.headers.push_back({"Content-Encoding", "gzip"});
    wrapped.body = stream;
    decoded(place, wrapped, "gzip, not announced");
  }

  void body(const net::Response& response) {
    const std::string* coding = response.header("Content-Encoding");
    const Place place{.name = "body", .decoding = {}};
    if (coding == nullptr || *coding == "identity") return content(place, response.body);
    bytes(place, response.body);
    decoded(place, response, *coding);
  }

  const Examination& result() const { return result_; }

 private:
  void decoded(const Place& place, const net::Response& response, const std::string& coding) {
    const auto text = net::decoded_body(response, decoded_limit_);
    if (text) return bytes({.name = place.name, .decoding = printable(coding, 60), .kind = place.kind}, *text);
    result_.unscanned_bytes += response.body.size();
    result_.obstacle = fmt::format("{} with Content-Encoding \"{}\"", place.name, printable(coding, 60));
  }

  const Watchlist& watchlist_;
  std::size_t decoded_limit_;
  const SightingSink& sink_;
  Examination result_;
};

void search_headers(Search& search, const std::vector<net::Header>& headers) {
  for (const net::Header& header : headers) {
    const std::string name = printable(header.name, 80);
    search.bytes({.name = "name of header " + name, .decoding = {}}, header.name);
    search.bytes({.name = "header " + name, .decoding = {}}, header.value);
  }
}

}  // namespace

Examination examine(const scenario::Exchange& exchange, const Watchlist& watchlist, std::size_t decoded_limit,
                    const SightingSink& sink) {
  Search search(watchlist, decoded_limit, sink);
  if (exchange.response) {
    search.bytes({.name = "status reason", .decoding = {}}, exchange.response->reason);
    search_headers(search, exchange.response->headers);
    search.body(*exchange.response);
  }
  std::size_t number = 0;
  for (const net::WebSocketMessage& message : exchange.messages) {
    search.content({.name = fmt::format("message {}", ++number), .decoding = {}, .kind = "message"}, message.payload);
  }
  if (exchange.close) search.bytes({.name = "close reason", .decoding = {}}, exchange.close->reason);
  return search.result();
}

void examine_sent(const scenario::Exchange& exchange, const Watchlist& watchlist, const SightingSink& sink) {
  Search search(watchlist, 0, sink);
  search.bytes({.name = "target", .decoding = {}}, exchange.sent.target);
  search_headers(search, exchange.sent.headers);
  search.bytes({.name = "body", .decoding = {}}, exchange.sent.body);
  for (const std::string& message : exchange.messages_sent) search.bytes({.name = "message", .decoding = {}}, message);
}

bool is_leak(const RegisteredToken& token, std::size_t viewer, const std::set<std::string>& identifiers_sent) {
  if (token.owner == viewer) return false;
  return token.token_class == TokenClass::secret || !identifiers_sent.contains(token.text);
}

}  // namespace sluice::isolation
