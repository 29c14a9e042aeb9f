#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "harness/net/http_client.hpp"
#include "harness/net/websocket_client.hpp"
#include "harness/scenario/corpus.hpp"
#include "harness/scenario/variables.hpp"

namespace sluice::scenario {

/// What one step did: what was sent, and everything that came back.
struct Exchange {
  const Step* step = nullptr;             ///< owned by the corpus
  net::Request sent;                      ///< rendered; for WebSocket the handshake
  std::optional<net::Response> response;  ///< for WebSocket the handshake's
  std::vector<std::string> messages_sent;
  std::vector<net::WebSocketMessage> messages;  ///< received, in order
  std::optional<net::WebSocketClose> close;
  std::optional<net::NetworkFailure> failure;  ///< set when no whole answer came
  std::string error;                           ///< what failed, empty when nothing did
  std::chrono::nanoseconds duration{0};
};

struct PlayerOptions {
  net::HttpLimits http;
  net::WebSocketLimits websocket;
  std::chrono::nanoseconds message_timeout = std::chrono::seconds(10);  ///< for each expected WebSocket message
  /// Rewrites method and path of a step before it is rendered (route maps); identity when empty. The path may hold
  /// templates.
  std::function<void(std::string& method, std::string& path)> route;
};

/// One user: plays steps one after the other on its own connection with its own variables. Network failures are part of
/// the Exchange, never exceptions; templates that cannot be rendered throw InputError. One thread at a time.
class Player {
 public:
  Player(net::Endpoint endpoint, Variables variables, PlayerOptions options = {});
  ~Player();
  Player(Player&&) noexcept;
  Player& operator=(Player&&) noexcept;

  Exchange play(const Step& step, std::stop_token cancelled = {});
  Variables& variables() { return variables_; }

 private:
  Exchange play_http(const Step& step, const std::string& method, const std::string& path, std::stop_token cancelled);
  Exchange play_websocket(const Step& step, const std::string& path, std::stop_token cancelled);
  void converse(const Step& step, net::WebSocketClient& client, Exchange& exchange, std::stop_token cancelled);

  net::Endpoint endpoint_;
  Variables variables_;
  PlayerOptions options_;
  std::unique_ptr<net::HttpClient> client_;
};

}  // namespace sluice::scenario
