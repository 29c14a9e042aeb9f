#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <string>

#include "harness/net/endpoint.hpp"
#include "harness/net/http_client.hpp"

// Private to this folder: TCP and TLS connections as coroutines.
namespace sluice::net {

using PlainStream = boost::asio::ip::tcp::socket;
using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;

/// TLS 1.2 or later, trusting what the system trusts (and SSL_CERT_FILE / SSL_CERT_DIR), always verifying.
boost::asio::ssl::context verifying_context();

/// Resolves and connects, trying each address in turn. Stops between two addresses once `interrupted` is set. Throws
/// system_error.
boost::asio::awaitable<void> connect_socket(PlainStream& socket, const Endpoint& endpoint, const bool& interrupted);

/// Verifies the certificate's chain and that it is for the endpoint's host. Throws system_error.
boost::asio::awaitable<void> tls_handshake(TlsStream& stream, const Endpoint& endpoint);

/// A connection, plain or TLS, that reads and writes bytes.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual boost::asio::awaitable<void> open(const Endpoint& endpoint) = 0;
  virtual boost::asio::awaitable<std::size_t> read_some(boost::asio::mutable_buffer buffer,
                                                        boost::system::error_code& error) = 0;
  virtual boost::asio::awaitable<void> write(boost::asio::const_buffer head, boost::asio::const_buffer body,
                                             boost::system::error_code& error) = 0;
  /// Ends all operations; no further ones are started.
  virtual void abort() = 0;
  /// Whether the peer has closed, or sent what nobody asked for, while nothing was under way.
  virtual bool stale() = 0;
};

std::unique_ptr<Transport> make_transport(boost::asio::io_context& io, const Endpoint& endpoint);

/// What a socket's error means to a caller: closed for resets and ends, connect or protocol for the rest.
NetworkFailure failure_of(const boost::system::error_code& error, bool while_connecting);

/// The text of an error, with what OpenSSL knows of it.
std::string error_text(const boost::system::error_code& error);

}  // namespace sluice::net
