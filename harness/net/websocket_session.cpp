#include "harness/net/websocket_session.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/system/system_error.hpp>
#include <type_traits>

#include "harness/net/transport.hpp"

namespace sluice::net {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;
using boost::system::system_error;
namespace {

Response copy_of(const websocket::response_type& answer) {
  Response response;
  response.status = answer.result_int();
  response.reason.assign(answer.reason().data(), answer.reason().size());
  for (const auto& field : answer) {
    response.headers.push_back({std::string(field.name_string().data(), field.name_string().size()),
                                std::string(field.value().data(), field.value().size())});
  }
  response.body = answer.body();
  return response;
}

template <class Stream>
class Session final : public WebSocketSession {
  static constexpr bool secure = std::is_same_v<Stream, TlsStream>;

 public:
  Session(asio::io_context& io, const WebSocketLimits& limits) requires(!secure) : socket_(io) { set_limits(limits); }
  Session(asio::io_context& io, const WebSocketLimits& limits) requires secure : socket_(io, context_) {
    set_limits(limits);
  }

  asio::awaitable<void> connect(const Endpoint& endpoint) override {
    co_await connect_socket(tcp_socket(), endpoint, aborted_);
    if constexpr (secure) co_await tls_handshake(socket_.next_layer(), endpoint);
  }

  asio::awaitable<Response> handshake(const Endpoint& endpoint, const std::string& target,
                                      const std::vector<Header>& headers, bool& accepted) override {
    socket_.set_option(websocket::stream_base::decorator([headers](websocket::request_type& request) {
      for (const Header& header : headers) request.insert(header.name, header.value);
    }));
    websocket::response_type answer;
    error_code error;
    co_await socket_.async_handshake(answer, endpoint.authority(), target,
                                     asio::redirect_error(asio::use_awaitable, error));
    accepted = !error;
    if (error && error != websocket::error::upgrade_declined) throw system_error(error);
    co_return copy_of(answer);
  }

  asio::awaitable<WebSocketMessage> read(error_code& error) override {
    beast::flat_buffer buffer;
    co_await socket_.async_read(buffer, asio::redirect_error(asio::use_awaitable, error));
    WebSocketMessage message;
    if (error) co_return message;
    message.text = socket_.got_text();
    message.payload = beast::buffers_to_string(buffer.data());
    co_return message;
  }

  asio::awaitable<void> write(const WebSocketMessage& message, error_code& error) override {
    socket_.text(message.text);
    co_await socket_.async_write(asio::buffer(message.payload), asio::redirect_error(asio::use_awaitable, error));
  }

  asio::awaitable<void> ping(error_code& error) override {
    co_await socket_.async_ping({}, asio::redirect_error(asio::use_awaitable, error));
  }
  std::uint64_t pongs() const override { return pongs_; }

  asio::awaitable<void> close(const WebSocketClose& close, error_code& error) override {
    websocket::close_reason reason(static_cast<websocket::close_code>(close.code));
    reason.reason.assign(close.reason.data(), std::min(close.reason.size(), reason.reason.max_size()));
    co_await socket_.async_close(reason, asio::redirect_error(asio::use_awaitable, error));
  }

  WebSocketClose peer_close() const override {
    const auto& reason = socket_.reason();
    const auto code = static_cast<std::uint16_t>(reason.code);
    return {code == 0 ? std::uint16_t{1005} : code, std::string(reason.reason.data(), reason.reason.size())};
  }

  void abort() override {
    aborted_ = true;
    error_code ignored;
    tcp_socket().close(ignored);
  }

 private:
  PlainStream& tcp_socket() {
    if constexpr (secure)
      return socket_.next_layer().next_layer();
    else
      return socket_.next_layer();
  }
  void set_limits(const WebSocketLimits& limits) {
    socket_.read_message_max(limits.message_bytes);
    socket_.control_callback([this](websocket::frame_type kind, beast::string_view) {
      if (kind == websocket::frame_type::pong) ++pongs_;
    });
    // Deadlines are the caller's, per operation.
    socket_.set_option(
        websocket::stream_base::timeout{websocket::stream_base::none(), websocket::stream_base::none(), false});
  }

  struct NoContext {};
  static auto make_context() {
    if constexpr (secure)
      return verifying_context();
    else
      return NoContext{};
  }

  std::conditional_t<secure, asio::ssl::context, NoContext> context_ = make_context();
  websocket::stream<Stream> socket_;
  std::uint64_t pongs_ = 0;
  bool aborted_ = false;
};

}  // namespace

std::unique_ptr<WebSocketSession> make_websocket_session(asio::io_context& io, const Endpoint& endpoint,
                                                         const WebSocketLimits& limits) {
  if (endpoint.tls()) return std::make_unique<Session<TlsStream>>(io, limits);
  return std::make_unique<Session<PlainStream>>(io, limits);
}

bool is_close_frame(const error_code& error) { return error == websocket::error::closed; }

bool is_oversized_message(const error_code& error) {
  return error == websocket::error::message_too_big || error == websocket::error::buffer_overflow;
}

bool is_end_of_connection(const error_code& error) {
  return is_close_frame(error) || error == asio::error::operation_aborted ||
         error == beast::http::error::end_of_stream || failure_of(error, false) == NetworkFailure::closed;
}

}  // namespace sluice::net
