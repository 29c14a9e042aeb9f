#include "harness/net/transport.hpp"

#include <sys/socket.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <optional>
#include <vector>

namespace sluice::net {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using boost::system::system_error;
namespace {

asio::awaitable<std::vector<tcp::endpoint>> addresses_of(const Endpoint& endpoint) {
  // A literal address must not wait for a resolver, which cannot be interrupted.
  error_code not_literal;
  const auto literal = asio::ip::make_address(endpoint.host, not_literal);
  if (!not_literal) co_return std::vector<tcp::endpoint>{{literal, endpoint.port}};
  tcp::resolver resolver(co_await asio::this_coro::executor);
  const auto found = co_await resolver.async_resolve(endpoint.host, std::to_string(endpoint.port), asio::use_awaitable);
  std::vector<tcp::endpoint> addresses;
  for (const auto& entry : found) addresses.push_back(entry.endpoint());
  co_return addresses;
}

bool peer_has_spoken_or_left(PlainStream& socket) {
  char byte = 0;
  const auto count = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(asio::io_context& io) : socket_(io) {}

  asio::awaitable<void> open(const Endpoint& endpoint) override {
    co_await connect_socket(socket_, endpoint, aborted_);
  }
  asio::awaitable<std::size_t> read_some(asio::mutable_buffer buffer, error_code& error) override {
    co_return co_await socket_.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, error));
  }
  asio::awaitable<void> write(asio::const_buffer head, asio::const_buffer body, error_code& error) override {
    const std::array<asio::const_buffer, 2> buffers{head, body};
    co_await asio::async_write(socket_, buffers, asio::redirect_error(asio::use_awaitable, error));
  }
  void abort() override {
    aborted_ = true;
    error_code ignored;
    socket_.close(ignored);
  }
  bool stale() override { return peer_has_spoken_or_left(socket_); }

 private:
  PlainStream socket_;
  bool aborted_ = false;
};

class TlsTransport final : public Transport {
 public:
  explicit TlsTransport(asio::io_context& io) : context_(verifying_context()), stream_(io, context_) {}

  asio::awaitable<void> open(const Endpoint& endpoint) override {
    co_await connect_socket(stream_.next_layer(), endpoint, aborted_);
    co_await tls_handshake(stream_, endpoint);
  }
  asio::awaitable<std::size_t> read_some(asio::mutable_buffer buffer, error_code& error) override {
    co_return co_await stream_.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, error));
  }
  asio::awaitable<void> write(asio::const_buffer head, asio::const_buffer body, error_code& error) override {
    const std::array<asio::const_buffer, 2> buffers{head, body};
    co_await asio::async_write(stream_, buffers, asio::redirect_error(asio::use_awaitable, error));
  }
  void abort() override {
    aborted_ = true;
    error_code ignored;
    stream_.next_layer().close(ignored);
  }
  // Session tickets may arrive at any time, so bytes alone do not make a TLS connection stale.
  bool stale() override {
    char byte = 0;
    return ::recv(stream_.next_layer().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
  }

 private:
  asio::ssl::context context_;
  TlsStream stream_;
  bool aborted_ = false;
};

}  // namespace

asio::ssl::context verifying_context() {
  asio::ssl::context context(asio::ssl::context::tls_client);
  context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                      asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
  context.set_default_verify_paths();
  context.set_verify_mode(asio::ssl::verify_peer);
  return context;
}

asio::awaitable<void> connect_socket(PlainStream& socket, const Endpoint& endpoint, const bool& interrupted) {
  const auto addresses = co_await addresses_of(endpoint);
  error_code error = asio::error::host_not_found;
  for (const auto& address : addresses) {
    if (interrupted) throw system_error(asio::error::operation_aborted);
    error_code ignored;
    socket.close(ignored);
    socket.open(address.protocol());
    co_await socket.async_connect(address, asio::redirect_error(asio::use_awaitable, error));
    if (!error) break;
  }
  if (interrupted) throw system_error(asio::error::operation_aborted);
  if (error) throw system_error(error);
  socket.set_option(tcp::no_delay(true));
}

asio::awaitable<void> tls_handshake(TlsStream& stream, const Endpoint& endpoint) {
  error_code not_literal;
  asio::ip::make_address(endpoint.host, not_literal);
  if (not_literal) SSL_set_tlsext_host_name(stream.native_handle(), endpoint.host.c_str());
  stream.set_verify_callback(asio::ssl::host_name_verification(endpoint.host));
  co_await stream.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
}

std::unique_ptr<Transport> make_transport(asio::io_context& io, const Endpoint& endpoint) {
  if (endpoint.tls()) return std::make_unique<TlsTransport>(io);
  return std::make_unique<PlainTransport>(io);
}

NetworkFailure failure_of(const error_code& error, bool while_connecting) {
  if (while_connecting) return NetworkFailure::connect;
  if (error == asio::error::eof || error == asio::error::connection_reset || error == asio::error::broken_pipe ||
      error == asio::error::connection_aborted || error == asio::ssl::error::stream_truncated) {
    return NetworkFailure::closed;
  }
  return NetworkFailure::protocol;
}

std::string error_text(const error_code& error) {
  if (error == asio::error::eof) return "the service closed the connection";
  if (error == asio::ssl::error::stream_truncated) return "the service cut the TLS connection";
  return error.message();
}

}  // namespace sluice::net
