#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "harness/net/endpoint.hpp"

// A facade: no Asio or Beast in this header.
namespace sluice::net {

struct Header {
  std::string name;
  std::string value;
};

struct Request {
  std::string method = "GET";
  std::string target = "/";  ///< path and query, already percent-encoded; the endpoint's base path is put before it
  std::vector<Header> headers;
  std::string body;
};

struct Response {
  unsigned status = 0;
  std::string reason;
  std::vector<Header> headers;  ///< in order, duplicates kept, trailers at the end
  std::string body;             ///< dechunked, still content-encoded
  /// First header of that name, case-insensitive; nullptr when absent.
  const std::string* header(std::string_view name) const;
};

enum class NetworkFailure { connect, timed_out, closed, protocol, too_large, cancelled };

/// A request that got no whole answer. what() names the endpoint, the request and the cause.
class NetworkError : public std::runtime_error {
 public:
  NetworkError(NetworkFailure failure, const std::string& what) : std::runtime_error(what), failure_(failure) {}
  NetworkFailure failure() const { return failure_; }

 private:
  NetworkFailure failure_;
};

struct HttpLimits {
  std::size_t header_bytes = 64u << 10;
  std::size_t body_bytes = 64u << 20;
  std::chrono::nanoseconds connect_timeout = std::chrono::seconds(5);
  std::chrono::nanoseconds request_timeout = std::chrono::seconds(30);
};

/// One keep-alive HTTP/1.1 connection, opened at the first request and again after a close. Blocking, with every wait
/// bounded; for one thread at a time. Does not follow redirects and does not decode content: what the service sent is
/// what the caller sees.
class HttpClient {
 public:
  explicit HttpClient(Endpoint endpoint, HttpLimits limits = {});
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  /// Sends and reads the whole answer. A connection that the service closed while idle is reopened once, and only if no
  /// byte of an answer was seen. Throws NetworkError. `cancelled` is honoured within a second.
  Response send(const Request& request, std::stop_token cancelled = {});
  void close();
  const Endpoint& endpoint() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The body after Content-Encoding (gzip, deflate, identity), at most `limit` bytes; nullopt when it cannot be decoded
/// (unknown encoding, corrupt, too large).
std::optional<std::string> decoded_body(const Response& response, std::size_t limit = 64u << 20);

/// Percent-encodes everything but unreserved characters.
std::string percent_encode(std::string_view text);

}  // namespace sluice::net
