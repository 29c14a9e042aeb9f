#include "harness/testing/http_server.hpp"

#include <fmt/core.h>

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <exception>
#include <map>
#include <thread>

namespace sluice::testing {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using beast::error_code;
namespace {

constexpr std::uint64_t most_body_bytes = 64u << 20;

template <class Text>
std::string to_text(const Text& text) {
  return std::string(text.data(), text.size());
}

ServedRequest copy_of(const http::request<http::string_body>& request, std::uint64_t connection) {
  ServedRequest served;
  served.method = to_text(request.method_string());
  served.target = to_text(request.target());
  for (const auto& field : request) {
    served.headers.push_back({to_text(field.name_string()), to_text(field.value())});
  }
  served.body = request.body();
  served.connection = connection;
  return served;
}

bool has_header(const ServedResponse& response, std::string_view name) {
  net::Response names;
  names.headers = response.headers;
  return names.header(name) != nullptr;
}

bool asks_to_close(const ServedResponse& response) {
  net::Response names;
  names.headers = response.headers;
  const std::string* value = names.header("Connection");
  return value != nullptr && beast::iequals(*value, "close");
}

/// The whole answer as bytes. Written by hand so that tests can send what a library would correct.
std::string wire_text(const ServedResponse& response, bool to_head) {
  std::string text = fmt::format("HTTP/1.1 {} {}\r\n", response.status,
                                 to_text(http::obsolete_reason(http::int_to_status(response.status))));
  for (const auto& header : response.headers) text += fmt::format("{}: {}\r\n", header.name, header.value);
  const bool bodiless = response.status < 200 || response.status == 204 || response.status == 304;
  if (!bodiless && !has_header(response, "Content-Length") && !has_header(response, "Transfer-Encoding")) {
    text += fmt::format("Content-Length: {}\r\n", response.body.size());
  }
  text += "\r\n";
  if (!bodiless && !to_head) text += response.body;
  return text;
}

/// One open WebSocket: a queue of replies and the coroutine that sends them.
struct Socket {
  explicit Socket(tcp::socket socket)
      : stream(std::move(socket)), wake(stream.get_executor(), std::chrono::steady_clock::time_point::max()) {}
  websocket::stream<tcp::socket> stream;
  asio::steady_timer wake;
  std::deque<ServedReply> queue;
  bool over = false;
};

}  // namespace

struct HttpServer::Impl {
  explicit Impl(ServerHandlers with) : handlers(std::move(with)), acceptor(io, {asio::ip::address_v4::loopback(), 0}) {
    port = acceptor.local_endpoint().port();
    asio::co_spawn(io, accept(), asio::detached);
    thread = std::thread([this] { io.run(); });
  }
  ~Impl() {
    io.stop();
    thread.join();
  }

  asio::awaitable<void> accept();
  asio::awaitable<void> serve(tcp::socket socket, std::uint64_t connection);
  asio::awaitable<bool> answer(tcp::socket& socket, const http::request<http::string_body>& request,
                               std::uint64_t connection);
  asio::awaitable<void> serve_websocket(tcp::socket socket, http::request<http::string_body> request,
                                        std::uint64_t connection);
  asio::awaitable<void> send_replies(std::shared_ptr<Socket> socket);
  void deliver(const ServedMessage& message);

  ServerHandlers handlers;
  asio::io_context io{1};
  tcp::acceptor acceptor;
  std::uint16_t port = 0;
  std::uint64_t connections = 0;
  std::atomic<std::uint64_t> requests{0};
  std::map<std::uint64_t, std::shared_ptr<Socket>> sockets;
  std::thread thread;
};

asio::awaitable<void> HttpServer::Impl::accept() {
  while (true) {
    error_code error;
    tcp::socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error) continue;
    socket.set_option(tcp::no_delay(true), error);
    asio::co_spawn(io, serve(std::move(socket), ++connections), asio::detached);
  }
}

asio::awaitable<void> HttpServer::Impl::serve(tcp::socket socket, std::uint64_t connection) {
  beast::flat_buffer buffer;
  while (true) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(most_body_bytes);
    error_code error;
    co_await http::async_read(socket, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    auto request = parser.release();
    if (websocket::is_upgrade(request) && handlers.websocket) {
      ++requests;
      co_await serve_websocket(std::move(socket), std::move(request), connection);
      co_return;
    }
    if (!co_await answer(socket, request, connection)) co_return;
  }
}

/// Whether the connection goes on.
asio::awaitable<bool> HttpServer::Impl::answer(tcp::socket& socket, const http::request<http::string_body>& request,
                                               std::uint64_t connection) {
  ServedResponse response{.status = 404, .body = R"({"error":"no handler"})"};
  if (handlers.http && !websocket::is_upgrade(request)) {
    try {
      response = handlers.http(copy_of(request, connection));
    } catch (const std::exception& failure) {
      response = {.status = 500, .headers = {{"Content-Type", "text/plain"}}, .body = failure.what()};
    }
  }
  ++requests;
  error_code error;
  if (response.delay > std::chrono::nanoseconds(0)) {
    asio::steady_timer timer(io, response.delay);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
  if (response.drop) co_return false;
  const std::string text = wire_text(response, request.method() == http::verb::head);
  co_await asio::async_write(socket, asio::buffer(text), asio::redirect_error(asio::use_awaitable, error));
  const bool goes_on = !error && request.keep_alive() && !asks_to_close(response);
  if (!goes_on) socket.shutdown(tcp::socket::shutdown_send, error);
  co_return goes_on;
}

asio::awaitable<void> HttpServer::Impl::serve_websocket(tcp::socket plain, http::request<http::string_body> request,
                                                        std::uint64_t connection) {
  const auto socket = std::make_shared<Socket>(std::move(plain));
  socket->stream.set_option(websocket::stream_base::decorator([this](websocket::response_type& answer) {
    for (const auto& header : handlers.handshake_headers) answer.set(header.name, header.value);
  }));
  socket->stream.read_message_max(most_body_bytes);
  error_code error;
  co_await socket->stream.async_accept(request, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return;
  sockets.emplace(connection, socket);
  asio::co_spawn(io, send_replies(socket), asio::detached);
  while (true) {
    beast::flat_buffer buffer;
    co_await socket->stream.async_read(buffer, asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    deliver({.target = to_text(request.target()),
             .connection = connection,
             .message = {.text = socket->stream.got_text(), .payload = beast::buffers_to_string(buffer.data())}});
  }
  sockets.erase(connection);
  socket->over = true;
  socket->wake.cancel();
}

void HttpServer::Impl::deliver(const ServedMessage& message) {
  std::vector<ServedReply> replies;
  try {
    replies = handlers.websocket(message);
  } catch (const std::exception&) {
    replies.push_back({.close = std::uint16_t{1011}});
  }
  for (ServedReply& reply : replies) {
    const auto to = sockets.find(reply.connection == 0 ? message.connection : reply.connection);
    if (to == sockets.end()) continue;
    to->second->queue.push_back(std::move(reply));
    to->second->wake.cancel();
  }
}

asio::awaitable<void> HttpServer::Impl::send_replies(std::shared_ptr<Socket> socket) {
  error_code error;
  while (!socket->over) {
    if (socket->queue.empty()) {
      co_await socket->wake.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    const ServedReply reply = std::move(socket->queue.front());
    socket->queue.pop_front();
    if (reply.close && *reply.close == 1006) {
      socket->stream.next_layer().close(error);
      co_return;
    }
    if (reply.close) {
      co_await socket->stream.async_close(static_cast<websocket::close_code>(*reply.close),
                                          asio::redirect_error(asio::use_awaitable, error));
      co_return;
    }
    socket->stream.text(reply.message.text);
    co_await socket->stream.async_write(asio::buffer(reply.message.payload),
                                        asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
  }
}

HttpServer::HttpServer(ServerHandlers handlers) : impl_(std::make_unique<Impl>(std::move(handlers))) {}
HttpServer::~HttpServer() = default;
std::string HttpServer::url() const { return fmt::format("http://127.0.0.1:{}", impl_->port); }
std::uint64_t HttpServer::requests_served() const { return impl_->requests; }

}  // namespace sluice::testing
