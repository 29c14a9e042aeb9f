#include "suites/compat/exchange_diff.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "harness/core/printable.hpp"
#include "suites/compat/answer_body.hpp"

namespace sluice::compat {
namespace {

using scenario::Exchange;
using Kind = AnswerBody::Kind;
constexpr std::size_t shown_bytes = 200;

Place whole_place(std::string name) { return {name, name}; }

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (true) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

Place line_place(std::size_t index) { return {fmt::format("body/{}", index + 1), "body/*"}; }

std::string status_text(const net::Response& response) {
  return response.body.empty() ? std::to_string(response.status)
                               : fmt::format("{} {}", response.status, printable(response.body, shown_bytes));
}

void compare_status(const net::Response& first, const net::Response& candidate, ValueDiff& diff) {
  const bool class_changed = first.status / 100 != candidate.status / 100;
  // Letting in what was refused, and failing where it worked, are the two that nobody may wave through.
  diff.report({.rule = "status-changed",
               .severity = class_changed ? Severity::critical : Severity::error,
               .summary = fmt::format("the status changed from {} to {}", first.status, candidate.status),
               .place = "status",
               .pattern = "status",
               .old_value = status_text(first),
               .new_value = status_text(candidate)});
}

void compare_header(const std::string& name, const net::Response& first, const net::Response& again,
                    const net::Response& candidate, ValueDiff& diff) {
  const Place place = whole_place("header:" + name);
  if (diff.ignored(place.pointer)) return;
  const auto old_value = joined_header(first, name);
  const auto new_value = joined_header(candidate, name);
  if (!old_value && !new_value) return;
  if (!old_value || !new_value) {
    diff.report({.rule = old_value ? "header-removed" : "header-added",
                 .severity = old_value ? Severity::error : Severity::warning,
                 .summary = fmt::format("the new side {} {}", old_value ? "leaves out" : "adds", name),
                 .place = place.pointer,
                 .pattern = place.pattern,
                 .old_value = old_value ? std::optional(printable(*old_value, shown_bytes)) : std::nullopt,
                 .new_value = new_value ? std::optional(printable(*new_value, shown_bytes)) : std::nullopt});
    return;
  }
  const auto second = joined_header(again, name);
  const auto normal_second = second ? std::optional(normalised_header(name, *second)) : std::nullopt;
  diff.text(normalised_header(name, *old_value), normal_second, normalised_header(name, *new_value), place);
}

void compare_text_body(const std::string& first, const std::string* again, const std::string& candidate,
                       ValueDiff& diff) {
  const auto old_lines = lines_of(first);
  const auto new_lines = lines_of(candidate);
  const auto second_lines = lines_of(again == nullptr ? first : *again);
  if (old_lines.size() != new_lines.size()) {
    const auto [was, is] = std::mismatch(old_lines.begin(), old_lines.end(), new_lines.begin(), new_lines.end());
    diff.report({.rule = "body-changed",
                 .summary = fmt::format("{} lines became {}; the first that differs is line {}", old_lines.size(),
                                        new_lines.size(), was - old_lines.begin() + 1),
                 .place = "body",
                 .pattern = "body",
                 .old_value = was == old_lines.end() ? std::nullopt : std::optional(printable(*was, shown_bytes)),
                 .new_value = is == new_lines.end() ? std::nullopt : std::optional(printable(*is, shown_bytes))});
    return;
  }
  for (std::size_t i = 0; i < old_lines.size(); ++i) {
    if (diff.ignored(line_place(i).pointer)) continue;
    const bool paired = second_lines.size() == old_lines.size();
    diff.text(old_lines[i], paired ? std::optional(second_lines[i]) : std::nullopt, new_lines[i], line_place(i));
  }
}

void compare_bytes(const AnswerBody& first, const AnswerBody& again, const AnswerBody& candidate, ValueDiff& diff) {
  if (first.text == candidate.text) return;
  const bool noisy = again.kind == first.kind && again.text != first.text;
  const auto at =
      std::mismatch(first.text.begin(), first.text.end(), candidate.text.begin(), candidate.text.end()).first;
  diff.report({.rule = noisy ? "body-not-compared" : "body-changed",
               .severity = noisy ? Severity::warning : Severity::error,
               .summary = noisy ? "the old side's bytes differ from call to call: nothing was compared here"
                                : fmt::format("the bytes differ from offset {} on", at - first.text.begin()),
               .place = "body",
               .pattern = "body",
               .old_value = fmt::format("{} bytes", first.text.size()),
               .new_value = fmt::format("{} bytes", candidate.text.size())});
}

void compare_body(const net::Response& first, const net::Response& again, const net::Response& candidate,
                  ValueDiff& diff) {
  if (diff.ignored("body")) return;
  const AnswerBody old_body = read_body(first);
  const AnswerBody second_body = read_body(again);
  const AnswerBody new_body = read_body(candidate);
  if (old_body.kind != new_body.kind) {
    diff.report({.rule = "body-kind-changed",
                 .summary = fmt::format("the body was {} and is {}", describe(old_body.kind), describe(new_body.kind)),
                 .place = "body",
                 .pattern = "body",
                 .old_value = printable(old_body.text, shown_bytes),
                 .new_value = printable(new_body.text, shown_bytes)});
    return;
  }
  const bool same_kind = second_body.kind == old_body.kind;
  switch (old_body.kind) {
    case Kind::empty:
      return;
    case Kind::json:
    case Kind::events:
      return diff.json(*old_body.json, same_kind ? &*second_body.json : nullptr, *new_body.json, {});
    case Kind::text:
      return compare_text_body(old_body.text, same_kind ? &second_body.text : nullptr, new_body.text, diff);
    case Kind::bytes:
    case Kind::undecodable:
      return compare_bytes(old_body, second_body, new_body, diff);
  }
}

Place message_place(std::size_t index) { return whole_place(fmt::format("/messages/{}", index)); }

void compare_message(const net::WebSocketMessage& first, const net::WebSocketMessage* again,
                     const net::WebSocketMessage& candidate, const Place& place, ValueDiff& diff) {
  if (diff.ignored(place.pointer)) return;
  if (first.text != candidate.text) {
    diff.report({.rule = "frame-type-changed",
                 .summary = fmt::format("a {} message became a {} one", first.text ? "text" : "binary",
                                        candidate.text ? "text" : "binary"),
                 .place = place.pointer,
                 .pattern = place.pattern,
                 .old_value = printable(first.payload, shown_bytes),
                 .new_value = printable(candidate.payload, shown_bytes)});
  }
  const JsonParse old_json = parse_exact_json(first.payload);
  const JsonParse new_json = parse_exact_json(candidate.payload);
  const JsonParse second_json = again == nullptr ? JsonParse{} : parse_exact_json(again->payload);
  // A bare number is no sign of JSON: a random word of digits is one.
  const auto is_json = [](const JsonParse& parse) {
    return parse.value && parse.value->type() != ExactJson::Type::number;
  };
  if (!(old_json.value && new_json.value) && is_json(old_json) != is_json(new_json)) {
    diff.report({.rule = "body-kind-changed",
                 .summary = fmt::format("the message was {} and is {}", is_json(old_json) ? "JSON" : "not JSON",
                                        is_json(new_json) ? "JSON" : "not JSON"),
                 .place = place.pointer,
                 .pattern = place.pattern,
                 .old_value = printable(first.payload, shown_bytes),
                 .new_value = printable(candidate.payload, shown_bytes)});
  } else if (old_json.value && new_json.value) {
    diff.json(*old_json.value, second_json.value ? &*second_json.value : nullptr, *new_json.value, place);
  } else if (!first.text || !is_utf8(first.payload)) {
    compare_bytes(
        {.kind = Kind::bytes, .text = first.payload},
        {.kind = again == nullptr ? Kind::empty : Kind::bytes, .text = again == nullptr ? "" : again->payload},
        {.kind = Kind::bytes, .text = candidate.payload}, diff);
  } else {
    diff.text(first.payload, again == nullptr ? std::nullopt : std::optional<std::string_view>(again->payload),
              candidate.payload, place);
  }
}

void compare_conversation(const Exchange& first, const Exchange& again, const Exchange& candidate, ValueDiff& diff) {
  if (first.messages.size() != candidate.messages.size() && !diff.ignored("/messages")) {
    diff.report({.rule = "message-count",
                 .summary = fmt::format("{} messages came from the old side, {} from the new one",
                                        first.messages.size(), candidate.messages.size()),
                 .place = "/messages",
                 .pattern = "/messages",
                 .old_value = std::to_string(first.messages.size()),
                 .new_value = std::to_string(candidate.messages.size())});
  }
  for (std::size_t i = 0; i < std::min(first.messages.size(), candidate.messages.size()); ++i) {
    const auto* second = i < again.messages.size() ? &again.messages[i] : nullptr;
    compare_message(first.messages[i], second, candidate.messages[i], message_place(i), diff);
  }
  const auto code = [](const Exchange& exchange) { return exchange.close ? exchange.close->code : std::uint16_t{0}; };
  if (code(first) == code(candidate) || diff.ignored("close-code")) return;
  diff.report({.rule = "close-code-changed",
               .summary = fmt::format("the connection ended with {} and ends with {}", code(first), code(candidate)),
               .place = "close-code",
               .pattern = "close-code",
               .old_value = std::to_string(code(first)),
               .new_value = std::to_string(code(candidate))});
}

std::vector<std::string> compared_headers(const CompareRules& rules, const Exchange& exchange) {
  std::vector<std::string> names = rules.headers;
  if (exchange.step->websocket) names.emplace_back("Sec-WebSocket-Protocol");
  return names;
}

}  // namespace

void learn_exchange(const CompareRules& rules, const Exchange& first, const Exchange& again, NoiseLearner& learner) {
  for (const std::string& name : compared_headers(rules, first)) {
    const auto one = joined_header(*first.response, name);
    const auto other = joined_header(*again.response, name);
    if (one && other) {
      learner.text(normalised_header(name, *one), normalised_header(name, *other), whole_place("header:" + name));
    }
  }
  const AnswerBody one = read_body(*first.response);
  const AnswerBody other = read_body(*again.response);
  if (one.json && other.json) {
    learner.json(*one.json, *other.json, {});
  } else if (one.kind == Kind::text && other.kind == Kind::text) {
    const auto lines = lines_of(one.text);
    const auto others = lines_of(other.text);
    for (std::size_t i = 0; i < lines.size() && lines.size() == others.size(); ++i) {
      learner.text(lines[i], others[i], line_place(i));
    }
  }
  for (std::size_t i = 0; i < std::min(first.messages.size(), again.messages.size()); ++i) {
    const JsonParse message = parse_exact_json(first.messages[i].payload);
    const JsonParse second = parse_exact_json(again.messages[i].payload);
    if (message.value && second.value)
      learner.json(*message.value, *second.value, message_place(i));
    else
      learner.text(first.messages[i].payload, again.messages[i].payload, message_place(i));
  }
}

void compare_exchange(const CompareRules& rules, const Exchange& first, const Exchange& again,
                      const Exchange& candidate, ValueDiff& diff) {
  if (first.response->status != candidate.response->status && !diff.ignored("status")) {
    compare_status(*first.response, *candidate.response, diff);
    return;  // two answers of different meaning differ everywhere
  }
  for (const std::string& name : compared_headers(rules, first)) {
    compare_header(name, *first.response, *again.response, *candidate.response, diff);
  }
  compare_body(*first.response, *again.response, *candidate.response, diff);
  if (first.step->websocket) compare_conversation(first, again, candidate, diff);
}

}  // namespace sluice::compat
