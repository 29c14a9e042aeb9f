#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/net/http_client.hpp"
#include "harness/net/websocket_client.hpp"

// A real server on a real socket for tests: what it answers is up to the test. No Asio or Beast in this header.
namespace sluice::testing {

struct ServedRequest {
  std::string method;
  std::string target;
  std::vector<net::Header> headers;
  std::string body;
  std::uint64_t connection = 0;  ///< which connection it came on, counted from 1
};

struct ServedResponse {
  unsigned status = 200;
  /// Content-Length is added unless one or Transfer-Encoding is here; then `body` goes out as it is.
  std::vector<net::Header> headers = {{"Content-Type", "application/json"}};
  std::string body;
  std::chrono::nanoseconds delay{0};  ///< waited on a timer before answering; blocks no other request
  bool drop = false;                  ///< close the connection instead of answering
};

struct ServedMessage {
  std::string target;  ///< of the handshake
  std::uint64_t connection = 0;
  net::WebSocketMessage message;
};

/// To whom a reply goes: 0 is the sender, otherwise a connection's number.
struct ServedReply {
  std::uint64_t connection = 0;
  net::WebSocketMessage message;
  std::optional<std::uint16_t> close =
      std::nullopt;  ///< instead of a message: close with this code; 1006 cuts the connection
};

struct ServerHandlers {
  std::function<ServedResponse(const ServedRequest&)> http;
  std::function<std::vector<ServedReply>(const ServedMessage&)> websocket;  ///< empty: upgrades are refused with 404
  std::vector<net::Header> handshake_headers = {};                          ///< added to the answer of every upgrade
};

/// Listens on 127.0.0.1 on a free port from construction to destruction, on a thread of its own; handlers are called
/// there, one at a time.
class HttpServer {
 public:
  explicit HttpServer(ServerHandlers handlers);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::string url() const;  ///< "http://127.0.0.1:PORT"
  std::uint64_t requests_served() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::testing
