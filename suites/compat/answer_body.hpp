#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "harness/core/exact_json.hpp"
#include "harness/net/http_client.hpp"

namespace sluice::compat {

/// What an answer's body is, once its codings are undone.
struct AnswerBody {
  enum class Kind { empty, json, events, text, bytes, undecodable };
  Kind kind = Kind::empty;
  std::optional<ExactJson> json = std::nullopt;  ///< json; events: an array of {event, id, data, retry}
  std::string text;                              ///< decoded; undecodable: as it came
};

AnswerBody read_body(const net::Response& response);

/// "JSON", "an event stream", ... for messages.
const char* describe(AnswerBody::Kind kind);

/// A text/event-stream as JSON: an array with one object an event; `data` is JSON where it is JSON, a string otherwise.
std::string events_as_json(std::string_view stream);

/// All values of a header, joined as HTTP allows; nullopt when it is absent.
std::optional<std::string> joined_header(const net::Response& response, std::string_view name);

/// The value with everything out of it that carries no meaning: the case and charset habits of Content-Type, the order
/// of lists such as Allow.
std::string normalised_header(std::string_view name, std::string_view value);

}  // namespace sluice::compat
