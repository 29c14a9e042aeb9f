#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/net/websocket_client.hpp"

// Private to this folder: one WebSocket over TCP or TLS, as coroutines; the only thing here that knows Beast's
// WebSocket.
namespace sluice::net {

class WebSocketSession {
 public:
  virtual ~WebSocketSession() = default;

  virtual boost::asio::awaitable<void> connect(const Endpoint& endpoint) = 0;
  /// The service's answer; `accepted` says whether the connection is a WebSocket now. Throws system_error when there
  /// was no answer.
  virtual boost::asio::awaitable<Response> handshake(const Endpoint& endpoint, const std::string& target,
                                                     const std::vector<Header>& headers, bool& accepted) = 0;
  virtual boost::asio::awaitable<WebSocketMessage> read(boost::system::error_code& error) = 0;
  virtual boost::asio::awaitable<void> write(const WebSocketMessage& message, boost::system::error_code& error) = 0;
  virtual boost::asio::awaitable<void> ping(boost::system::error_code& error) = 0;
  /// Pongs that came so far.
  virtual std::uint64_t pongs() const = 0;
  virtual boost::asio::awaitable<void> close(const WebSocketClose& close, boost::system::error_code& error) = 0;
  /// What the peer's close frame said; code 1005 when it held no code.
  virtual WebSocketClose peer_close() const = 0;
  virtual void abort() = 0;
};

std::unique_ptr<WebSocketSession> make_websocket_session(boost::asio::io_context& io, const Endpoint& endpoint,
                                                         const WebSocketLimits& limits);

/// Whether the error only says that the connection is over, with or without a close frame.
bool is_end_of_connection(const boost::system::error_code& error);
bool is_close_frame(const boost::system::error_code& error);
bool is_oversized_message(const boost::system::error_code& error);

}  // namespace sluice::net
