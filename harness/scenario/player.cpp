#include "harness/scenario/player.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "harness/core/errors.hpp"
#include "harness/core/exact_json.hpp"
#include "harness/core/parameters.hpp"
#include "harness/scenario/templates.hpp"

namespace sluice::scenario {
namespace {

using Steady = std::chrono::steady_clock;
constexpr auto drain_timeout = std::chrono::seconds(2);

std::vector<net::Header> rendered_headers(const Step& step, Variables& variables) {
  std::vector<net::Header> headers;
  for (const net::Header& header : step.headers) {
    headers.push_back({header.name, step.templates ? variables.render(header.value) : header.value});
  }
  return headers;
}

/// Puts the step's captures into the variables. What is not there stays uncaptured; a later use of it says so.
void capture(const Step& step, const std::string& text, Variables& variables) {
  if (step.capture.empty()) return;
  const JsonParse parsed = parse_exact_json(text);
  if (!parsed.value) return;
  for (const auto& [name, pointer] : step.capture) {
    const ExactJson* value = parsed.value->at_pointer(pointer);
    if (value == nullptr) continue;
    const bool plain = value->type() == ExactJson::Type::string || value->type() == ExactJson::Type::number;
    variables.set(name, plain ? value->text() : value->dump());
  }
}

void fail(Exchange& exchange, net::NetworkFailure failure, std::string error) {
  exchange.failure = failure;
  exchange.error = std::move(error);
}

}  // namespace

Player::Player(net::Endpoint endpoint, Variables variables, PlayerOptions options)
    : endpoint_(std::move(endpoint)), variables_(std::move(variables)), options_(std::move(options)) {}
Player::~Player() = default;
Player::Player(Player&&) noexcept = default;
Player& Player::operator=(Player&&) noexcept = default;

Exchange Player::play(const Step& step, std::stop_token cancelled) {
  std::string method = step.method;
  std::string path = step.path;
  if (options_.route) options_.route(method, path);
  const auto start = Steady::now();
  Exchange exchange = step.websocket ? play_websocket(step, path, cancelled) : play_http(step, method, path, cancelled);
  exchange.duration = Steady::now() - start;
  return exchange;
}

Exchange Player::play_http(const Step& step, const std::string& method, const std::string& path,
                           std::stop_token cancelled) {
  Exchange exchange;
  exchange.step = &step;
  exchange.sent.method = method;
  exchange.sent.target = step.templates ? variables_.render(path, net::percent_encode) : path;
  exchange.sent.headers = rendered_headers(step, variables_);
  if (step.body) {
    exchange.sent.body =
        step.templates ? variables_.render(*step.body, step.json_body ? json_escape : nullptr) : *step.body;
  }
  if (!client_) client_ = std::make_unique<net::HttpClient>(endpoint_, options_.http);
  try {
    exchange.response = client_->send(exchange.sent, cancelled);
  } catch (const net::NetworkError& error) {
    fail(exchange, error.failure(), error.what());
    return exchange;
  } catch (const InputError& error) {
    // The corpus itself was checked when it was read: only a captured value can still break a request.
    fail(exchange, net::NetworkFailure::protocol, fmt::format("a captured value cannot be sent: {}", error.what()));
    return exchange;
  }
  if (const auto body = net::decoded_body(*exchange.response, options_.http.body_bytes)) {
    capture(step, *body, variables_);
  }
  return exchange;
}

Exchange Player::play_websocket(const Step& step, const std::string& path, std::stop_token cancelled) {
  Exchange exchange;
  exchange.step = &step;
  exchange.sent.target = step.templates ? variables_.render(path, net::percent_encode) : path;
  exchange.sent.headers = rendered_headers(step, variables_);
  net::WebSocketClient client(endpoint_, options_.websocket);
  try {
    exchange.response = client.connect(exchange.sent.target, exchange.sent.headers, cancelled);
    if (client.open()) converse(step, client, exchange, cancelled);
  } catch (const net::NetworkError& error) {
    fail(exchange, error.failure(), error.what());
  } catch (const InputError& error) {
    // Also a message that cannot be rendered: its value was to come from this very conversation.
    fail(exchange, net::NetworkFailure::protocol, error.what());
  }
  exchange.close = client.closed();
  return exchange;
}

void Player::converse(const Step& step, net::WebSocketClient& client, Exchange& exchange, std::stop_token cancelled) {
  // With nothing to send, the service speaks first.
  const std::size_t rounds = std::max<std::size_t>(step.send.size(), 1);
  for (std::size_t round = 0; round < rounds; ++round) {
    if (!step.send.empty()) {
      const bool is_json = step.send[round].starts_with('{') || step.send[round].starts_with('[');
      exchange.messages_sent.push_back(variables_.render(step.send[round], is_json ? json_escape : nullptr));
      client.send({.text = true, .payload = exchange.messages_sent.back()});
    }
    for (std::size_t received = 0; received < step.expect; ++received) {
      auto message = client.receive(options_.message_timeout, cancelled);
      if (!message && client.closed()) return;
      if (!message) {
        fail(exchange, net::NetworkFailure::timed_out,
             fmt::format("message {} of {} after {} sent did not come within {}", received + 1, step.expect,
                         exchange.messages_sent.size(), human_duration(options_.message_timeout)));
        client.close();
        return;
      }
      exchange.messages.push_back(std::move(*message));
      if (exchange.messages.size() == 1) capture(step, exchange.messages.front().payload, variables_);
    }
  }
  // Messages beyond the expected ones are evidence too.
  for (auto& message : client.drain(drain_timeout, cancelled)) exchange.messages.push_back(std::move(message));
  client.close();
}

}  // namespace sluice::scenario
