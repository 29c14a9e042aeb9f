#include "suites/isolation/replant.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <random>

#include "suites/isolation/examination.hpp"
#include "suites/isolation/gzip.hpp"

namespace sluice::isolation {
namespace {

/// What a plant must be seen as.
struct Expected {
  std::string place;
  bool encoded = false;  ///< under a content encoding
  View view = View::plain;
  std::uint64_t offset = 0;
  bool whole = true;
};

/// One exchange, one foreign secret, and the plants that were tried.
class Planter {
 public:
  Planter(const Recording& recording, const Watchlist& watchlist, const RegisteredToken& token,
          std::size_t decoded_limit, std::uint64_t seed)
      : recording_(recording), watchlist_(watchlist), token_(token), decoded_limit_(decoded_limit), random_(seed) {}

  void plant_everywhere() {
    const scenario::Exchange& exchange = recording_.exchange;
    const bool has_body = exchange.response && !exchange.response->body.empty();
    if (has_body) {
      for (const View view : all_views) plant_in_body(view);
      plant_half();
      plant_in_gzip();
    }
    for (std::size_t message = 0; message < exchange.messages.size(); ++message) {
      if (message > 0 && message + 1 < exchange.messages.size()) continue;  // the first and the last stand for all
      for (const View view : all_views) plant_in_message(message, view);
    }
    if (exchange.response) plant_in_header();
    if (exchange.close) plant_in_close_reason();
  }

  std::size_t tried() const { return tried_; }
  const std::vector<std::string>& missed() const { return missed_; }

 private:
  std::string whole_token(View view) const { return EncodedToken(view, token_.text).text(); }

  std::size_t insert(std::string& text, const std::string& planted) {
    std::size_t offset = std::uniform_int_distribution<std::size_t>(0, text.size())(random_);
    offset &= ~std::size_t{1};  // where UTF-16 would have a character begin
    text.insert(offset, planted);
    return offset;
  }

  /// The body as a reader has it, in an exchange whose body can be replaced.
  std::optional<std::string> readable_body(scenario::Exchange& exchange) const {
    auto body = net::decoded_body(*exchange.response, decoded_limit_);
    if (!body) missed_.push_back("the recorded body cannot be decoded");
    return body;
  }

  static bool is_encoded(const scenario::Exchange& exchange) {
    const std::string* coding = exchange.response->header("Content-Encoding");
    return coding != nullptr && *coding != "identity";
  }

  /// Puts a body in under the encoding that the recorded one had; gzip stands for all that can be undone.
  static void replace_body(scenario::Exchange& exchange, const std::string& body, bool encoded) {
    net::Response& response = *exchange.response;
    response.body = encoded ? gzip(body) : body;
    std::erase_if(response.headers, [](const net::Header& header) {
      net::Response only;
      only.headers.push_back(header);
      return only.header("Content-Encoding") != nullptr;
    });
    if (encoded) response.headers.push_back({"Content-Encoding", "gzip"});
  }

  void plant_in_body(View view) {
    scenario::Exchange exchange = recording_.exchange;
    auto body = readable_body(exchange);
    if (!body) return;
    const bool encoded = is_encoded(exchange);
    const std::size_t offset = insert(*body, whole_token(view));
    replace_body(exchange, *body, encoded);
    expect(exchange, {.place = "body", .encoded = encoded, .view = view, .offset = offset});
  }

  void plant_half() {
    scenario::Exchange exchange = recording_.exchange;
    auto body = readable_body(exchange);
    if (!body) return;
    const bool encoded = is_encoded(exchange);
    // Blanks around it: the neighbours must not complete the half by chance.
    const std::size_t offset = insert(*body, "  " + token_.text.substr(5, half_token_characters) + "  ") + 2;
    replace_body(exchange, *body, encoded);
    expect(exchange, {.place = "body", .encoded = encoded, .offset = offset, .whole = false});
  }

  void plant_in_gzip() {
    scenario::Exchange exchange = recording_.exchange;
    auto body = readable_body(exchange);
    if (!body) return;
    const std::size_t offset = insert(*body, token_.text);
    replace_body(exchange, *body, true);
    expect(exchange, {.place = "body", .encoded = true, .offset = offset});
  }

  void plant_in_message(std::size_t message, View view) {
    scenario::Exchange exchange = recording_.exchange;
    const std::size_t offset = insert(exchange.messages[message].payload, whole_token(view));
    expect(exchange, {.place = fmt::format("message {}", message + 1), .view = view, .offset = offset});
  }

  void plant_in_header() {
    scenario::Exchange exchange = recording_.exchange;
    exchange.response->headers.push_back({"X-Planted", "value=" + token_.text});
    expect(exchange, {.place = "header X-Planted", .offset = 6});
  }

  void plant_in_close_reason() {
    scenario::Exchange exchange = recording_.exchange;
    exchange.close->reason = "bye " + token_.text;
    expect(exchange, {.place = "close reason", .offset = 4});
  }

  void expect(const scenario::Exchange& exchange, const Expected& expected) {
    ++tried_;
    bool caught = false;
    examine(exchange, watchlist_, decoded_limit_, [&](const Sighting& sighting) {
      caught = caught || (is_leak(sighting.token, recording_.viewer, {}) && sighting.token.text == token_.text &&
                          sighting.place.name == expected.place &&
                          sighting.place.decoding.empty() != expected.encoded && sighting.hit.view == expected.view &&
                          sighting.hit.offset == expected.offset && sighting.hit.whole == expected.whole);
    });
    if (caught) return;
    missed_.push_back(fmt::format("{}{} in {} at byte {}", expected.whole ? "" : "half of it, ",
                                  to_string(expected.view), expected.place, expected.offset));
  }

  const Recording& recording_;
  const Watchlist& watchlist_;
  const RegisteredToken& token_;
  std::size_t decoded_limit_;
  std::mt19937_64 random_;
  std::size_t tried_ = 0;
  mutable std::vector<std::string> missed_;
};

const RegisteredToken* foreign_secret(const Watchlist& watchlist, std::size_t viewer, std::mt19937_64& random) {
  std::vector<const RegisteredToken*> foreign;
  for (const RegisteredToken& token : watchlist.tokens) {
    if (token.owner != viewer && token.token_class == TokenClass::secret) foreign.push_back(&token);
  }
  if (foreign.empty()) return nullptr;
  return foreign[std::uniform_int_distribution<std::size_t>(0, foreign.size() - 1)(random)];
}

}  // namespace

Control replant(const std::vector<Recording>& recordings, const Watchlist& watchlist, std::size_t decoded_limit,
                std::uint64_t seed) {
  if (recordings.empty()) {
    return {.planted = "nothing: no answer with a body or a message was recorded", .caught = false, .observed = ""};
  }
  std::mt19937_64 random(seed);
  const Recording& recording = recordings[std::uniform_int_distribution<std::size_t>(0, recordings.size() - 1)(random)];
  const RegisteredToken* token = foreign_secret(watchlist, recording.viewer, random);
  if (token == nullptr) return {.planted = "nothing: no other user's secret is known", .caught = false, .observed = ""};
  Planter planter(recording, watchlist, *token, decoded_limit, random());
  planter.plant_everywhere();
  return {
      .planted = fmt::format("the {} of user {} (round {}) in what user {} received at step \"{}\", in {} ways",
                             token->name, token->owner, token->round, recording.viewer,
                             recording.exchange.step == nullptr ? "" : recording.exchange.step->name, planter.tried()),
      .caught = planter.tried() > 0 && planter.missed().empty(),
      .observed = planter.missed().empty() ? fmt::format("all {} seen as leaks at their offsets", planter.tried())
                                           : fmt::format("not seen: {}", fmt::join(planter.missed(), "; "))};
}

}  // namespace sluice::isolation
