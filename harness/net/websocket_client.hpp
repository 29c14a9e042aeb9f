#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "harness/net/endpoint.hpp"
#include "harness/net/http_client.hpp"

// A facade: no Asio or Beast in this header.
namespace sluice::net {

struct WebSocketMessage {
  bool text = true;
  std::string payload;
};

struct WebSocketClose {
  std::uint16_t code = 1006;  ///< 1006: the connection ended with no close frame
  std::string reason;
};

struct WebSocketLimits {
  std::size_t message_bytes = 16u << 20;
  std::chrono::nanoseconds handshake_timeout = std::chrono::seconds(5);
  std::chrono::nanoseconds send_timeout = std::chrono::seconds(10);  ///< for one message to be taken by the connection
};

/// One WebSocket connection (RFC 6455) as a client. Blocking, every wait bounded; for one thread at a time.
class WebSocketClient {
 public:
  explicit WebSocketClient(Endpoint endpoint, WebSocketLimits limits = {});
  ~WebSocketClient();
  WebSocketClient(WebSocketClient&&) noexcept;
  WebSocketClient& operator=(WebSocketClient&&) noexcept;

  /// Upgrades; returns the response to the handshake, also when it is a refusal (then open() is false). Throws
  /// NetworkError.
  Response connect(const std::string& target, const std::vector<Header>& headers = {}, std::stop_token cancelled = {});
  bool open() const;
  void send(const WebSocketMessage& message);
  /// The next message; nullopt when `timeout` passed or the connection ended (then closed() has a value). Throws
  /// NetworkError on protocol errors and oversized messages.
  std::optional<WebSocketMessage> receive(std::chrono::nanoseconds timeout, std::stop_token cancelled = {});
  /// Sends a ping and returns the messages that came before its pong: what the service had already sent and nobody
  /// received yet. Returns what came so far when there is no pong within `timeout`. Throws as receive() does.
  std::vector<WebSocketMessage> drain(std::chrono::nanoseconds timeout, std::stop_token cancelled = {});
  /// Closes with a close frame and waits for the answer, at most `timeout`.
  void close(std::uint16_t code = 1000, std::string_view reason = "",
             std::chrono::nanoseconds timeout = std::chrono::seconds(2));
  /// How the connection ended, once it has.
  const std::optional<WebSocketClose>& closed() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::net
