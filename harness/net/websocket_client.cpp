#include "harness/net/websocket_client.hpp"

#include <fmt/core.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

#include "harness/core/parameters.hpp"
#include "harness/core/printable.hpp"
#include "harness/net/blocking_io.hpp"
#include "harness/net/request_text.hpp"
#include "harness/net/transport.hpp"
#include "harness/net/websocket_session.hpp"

namespace sluice::net {
namespace asio = boost::asio;
using boost::system::error_code;
using boost::system::system_error;

namespace {

constexpr std::size_t most_drained = 10'000;

}  // namespace

struct WebSocketClient::Impl {
  Impl(Endpoint to, WebSocketLimits with) : endpoint(std::move(to)), limits(with) {}
  ~Impl();

  Response connect(const std::string& target, const std::vector<Header>& headers, const std::stop_token& cancelled);
  void send(const WebSocketMessage& message);
  std::optional<WebSocketMessage> receive(std::chrono::nanoseconds timeout, const std::stop_token& cancelled);
  std::vector<WebSocketMessage> drain(std::chrono::nanoseconds timeout, const std::stop_token& cancelled);
  void close(const WebSocketClose& close, std::chrono::nanoseconds timeout);

  /// Reads one message in the background of every later wait: a read that is given up in the middle would lose its
  /// message.
  void start_reading();
  void finish_reading(const error_code& error, WebSocketMessage message);
  void end_with(WebSocketClose how);
  void throw_read_failure();
  [[noreturn]] void fail(NetworkFailure failure, const std::string& cause) const;
  [[noreturn]] void fail_to_connect(const OperationEnd& end, bool connected) const;

  Endpoint endpoint;
  WebSocketLimits limits;
  std::string target;
  asio::io_context io{1};
  std::unique_ptr<WebSocketSession> session;
  bool reading = false;
  std::optional<WebSocketMessage> arrived;
  std::optional<WebSocketClose> ended;
  std::optional<std::pair<NetworkFailure, std::string>> read_failure;
};

WebSocketClient::Impl::~Impl() {
  if (!session) return;
  session->abort();
  while (reading) {
    io.restart();
    io.run_one();
  }
}

void WebSocketClient::Impl::fail(NetworkFailure failure, const std::string& cause) const {
  throw NetworkError(failure, fmt::format("{}: {}", describe(endpoint, "WebSocket", target), cause));
}

void WebSocketClient::Impl::fail_to_connect(const OperationEnd& end, bool connected) const {
  if (end.interruption == Interruption::cancelled) fail(NetworkFailure::cancelled, "cancelled");
  if (end.interruption == Interruption::timed_out) {
    fail(NetworkFailure::timed_out, "no handshake within " + human_duration(limits.handshake_timeout));
  }
  try {
    std::rethrow_exception(end.failure);
  } catch (const system_error& error) {
    if (!connected) fail(NetworkFailure::connect, "cannot connect: " + error_text(error.code()));
    if (is_end_of_connection(error.code())) {
      fail(NetworkFailure::closed, "the service closed the connection during the handshake");
    }
    fail(NetworkFailure::protocol, "the handshake's answer breaks the protocol: " + error_text(error.code()));
  }
}

Response WebSocketClient::Impl::connect(const std::string& to, const std::vector<Header>& headers,
                                        const std::stop_token& cancelled) {
  if (session) fail(NetworkFailure::protocol, "connect() was called twice; a client is one connection");
  target = to;
  check_target(to);
  for (const Header& header : headers) check_header(header);
  session = make_websocket_session(io, endpoint, limits);
  Response response;
  bool connected = false;
  bool accepted = false;
  const auto operation = [&]() -> asio::awaitable<void> {
    co_await session->connect(endpoint);
    connected = true;
    response = co_await session->handshake(endpoint, endpoint.base_path + target, headers, accepted);
  };
  const auto end = run_operation(io, operation, limits.handshake_timeout, cancelled, [&] { session->abort(); });
  if (end.failure) {
    end_with({});
    fail_to_connect(end, connected);
  }
  if (!accepted) {
    session->abort();
    ended = WebSocketClose{};
  }
  return response;
}

void WebSocketClient::Impl::end_with(WebSocketClose how) {
  if (ended) return;
  ended = std::move(how);
  session->abort();
}

void WebSocketClient::Impl::finish_reading(const error_code& error, WebSocketMessage message) {
  reading = false;
  if (!error) {
    arrived = std::move(message);
    return;
  }
  if (is_close_frame(error)) {
    end_with(session->peer_close());
  } else if (is_end_of_connection(error)) {
    end_with({});
  } else {
    const bool oversized = is_oversized_message(error);
    read_failure.emplace(oversized ? NetworkFailure::too_large : NetworkFailure::protocol,
                         oversized ? fmt::format("a message exceeds {} bytes", limits.message_bytes)
                                   : "the service breaks the WebSocket protocol: " + error.message());
    end_with({});
  }
}

void WebSocketClient::Impl::start_reading() {
  if (reading || arrived || ended) return;
  reading = true;
  asio::co_spawn(
      io,
      [this]() -> asio::awaitable<void> {
        error_code error;
        WebSocketMessage message = co_await session->read(error);
        finish_reading(error, std::move(message));
      },
      asio::detached);
}

void WebSocketClient::Impl::send(const WebSocketMessage& message) {
  if (!session || ended) fail(NetworkFailure::closed, "the connection is not open");
  start_reading();  // so that pings are answered, and a close seen, while a long message is on its way
  error_code error;
  const auto operation = [&]() -> asio::awaitable<void> { co_await session->write(message, error); };
  const auto end = run_operation(io, operation, limits.send_timeout, {}, [&] { end_with({}); });
  if (end.interruption == Interruption::timed_out) {
    fail(NetworkFailure::timed_out, "a message was not taken within " + human_duration(limits.send_timeout));
  }
  if (error) {
    // A read under way will still learn how the service ended the connection.
    if (!reading) end_with({});
    fail(is_end_of_connection(error) ? NetworkFailure::closed : NetworkFailure::protocol,
         "cannot send: " + error_text(error));
  }
}

void WebSocketClient::Impl::throw_read_failure() {
  if (!read_failure) return;
  const auto failure = *std::exchange(read_failure, std::nullopt);
  fail(failure.first, failure.second);
}

std::optional<WebSocketMessage> WebSocketClient::Impl::receive(std::chrono::nanoseconds timeout,
                                                               const std::stop_token& cancelled) {
  if (!session) fail(NetworkFailure::closed, "the connection is not open");
  start_reading();
  Patience patience = patience_from_now(timeout);
  const auto interruption = run_until(io, patience, cancelled, [&] { return arrived || ended; });
  if (arrived) return std::exchange(arrived, std::nullopt);
  throw_read_failure();
  if (interruption == Interruption::cancelled) fail(NetworkFailure::cancelled, "cancelled");
  return std::nullopt;
}

std::vector<WebSocketMessage> WebSocketClient::Impl::drain(std::chrono::nanoseconds timeout,
                                                           const std::stop_token& cancelled) {
  std::vector<WebSocketMessage> messages;
  if (!session || ended) {
    if (arrived) messages.push_back(*std::exchange(arrived, std::nullopt));
    return messages;
  }
  Patience patience = patience_from_now(timeout);
  const std::uint64_t before = session->pongs();
  error_code error;
  const auto operation = [&]() -> asio::awaitable<void> { co_await session->ping(error); };
  run_operation(io, operation, timeout, cancelled, [&] { end_with({}); });
  while (messages.size() < most_drained) {
    start_reading();
    const auto interruption =
        run_until(io, patience, cancelled, [&] { return arrived || ended || session->pongs() > before; });
    if (arrived) {
      messages.push_back(*std::exchange(arrived, std::nullopt));
      continue;
    }
    throw_read_failure();
    if (interruption == Interruption::cancelled) fail(NetworkFailure::cancelled, "cancelled");
    break;
  }
  return messages;
}

void WebSocketClient::Impl::close(const WebSocketClose& close, std::chrono::nanoseconds timeout) {
  if (!session || ended) return;
  error_code error;
  const auto operation = [&]() -> asio::awaitable<void> { co_await session->close(close, error); };
  const auto end = run_operation(io, operation, timeout, {}, [&] { session->abort(); });
  // Beast reports success once the peer's close frame came and the connection is down.
  const bool answered = end.interruption == Interruption::none && (!error || is_close_frame(error));
  end_with(answered ? session->peer_close() : WebSocketClose{});
  Patience patience = patience_from_now(timeout);
  run_until(io, patience, {}, [&] { return !reading; });
}

WebSocketClient::WebSocketClient(Endpoint endpoint, WebSocketLimits limits)
    : impl_(std::make_unique<Impl>(std::move(endpoint), limits)) {}
WebSocketClient::~WebSocketClient() = default;
WebSocketClient::WebSocketClient(WebSocketClient&&) noexcept = default;
WebSocketClient& WebSocketClient::operator=(WebSocketClient&&) noexcept = default;

Response WebSocketClient::connect(const std::string& target, const std::vector<Header>& headers,
                                  std::stop_token cancelled) {
  return impl_->connect(target, headers, cancelled);
}
bool WebSocketClient::open() const { return impl_->session && !impl_->ended; }
void WebSocketClient::send(const WebSocketMessage& message) { impl_->send(message); }
std::optional<WebSocketMessage> WebSocketClient::receive(std::chrono::nanoseconds timeout, std::stop_token cancelled) {
  return impl_->receive(timeout, cancelled);
}
std::vector<WebSocketMessage> WebSocketClient::drain(std::chrono::nanoseconds timeout, std::stop_token cancelled) {
  return impl_->drain(timeout, cancelled);
}
void WebSocketClient::close(std::uint16_t code, std::string_view reason, std::chrono::nanoseconds timeout) {
  impl_->close({code, std::string(reason)}, timeout);
}
const std::optional<WebSocketClose>& WebSocketClient::closed() const { return impl_->ended; }

}  // namespace sluice::net
