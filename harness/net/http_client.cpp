#include "harness/net/http_client.hpp"

#include <fmt/core.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>

#include "harness/core/parameters.hpp"
#include "harness/net/blocking_io.hpp"
#include "harness/net/request_text.hpp"
#include "harness/net/response_reader.hpp"
#include "harness/net/transport.hpp"

namespace sluice::net {
namespace asio = boost::asio;
using boost::system::error_code;
using boost::system::system_error;

struct HttpClient::Impl {
  Impl(Endpoint to, HttpLimits with) : endpoint(std::move(to)), limits(with) {}

  Response send(const Request& request, const std::stop_token& cancelled);
  Response exchange(const Request& request, const std::string& head, ResponseReader& reader,
                    const std::stop_token& cancelled);
  void open(const Request& request, const std::stop_token& cancelled);
  asio::awaitable<void> write_and_read(const Request& request, const std::string& head, ResponseReader& reader);
  [[noreturn]] void fail(const Request& request, NetworkFailure failure, const std::string& cause);
  [[noreturn]] void fail(const Request& request, const OperationEnd& end, std::chrono::nanoseconds timeout,
                         bool while_connecting, std::size_t bytes_read);

  Endpoint endpoint;
  HttpLimits limits;
  asio::io_context io{1};
  std::unique_ptr<Transport> connection;
};

void HttpClient::Impl::fail(const Request& request, NetworkFailure failure, const std::string& cause) {
  connection.reset();
  throw NetworkError(failure, fmt::format("{}: {}", describe(endpoint, request.method, request.target), cause));
}

void HttpClient::Impl::fail(const Request& request, const OperationEnd& end, std::chrono::nanoseconds timeout,
                            bool while_connecting, std::size_t bytes_read) {
  if (end.interruption == Interruption::cancelled) fail(request, NetworkFailure::cancelled, "cancelled");
  if (end.interruption == Interruption::timed_out) {
    const auto what = while_connecting ? std::string("no connection")
                                       : fmt::format("no whole answer ({} bytes of it came)", bytes_read);
    fail(request, NetworkFailure::timed_out, fmt::format("{} within {}", what, human_duration(timeout)));
  }
  try {
    std::rethrow_exception(end.failure);
  } catch (const ResponseError& error) {
    fail(request, error.failure(), fmt::format("{} ({} bytes read)", error.what(), bytes_read));
  } catch (const system_error& error) {
    fail(request, failure_of(error.code(), while_connecting),
         (while_connecting ? "cannot connect: " : "") + error_text(error.code()));
  }
}

void HttpClient::Impl::open(const Request& request, const std::stop_token& cancelled) {
  connection = make_transport(io, endpoint);
  const auto end = run_operation(
      io, [&] { return connection->open(endpoint); }, limits.connect_timeout, cancelled, [&] { connection->abort(); });
  if (end.failure) fail(request, end, limits.connect_timeout, true, 0);
}

asio::awaitable<void> HttpClient::Impl::write_and_read(const Request& request, const std::string& head,
                                                       ResponseReader& reader) {
  error_code write_error;
  co_await connection->write(asio::buffer(head), asio::buffer(request.body), write_error);
  // A service may answer (413, 401) and close before it took the whole body: its answer counts more than our broken
  // pipe.
  std::array<char, 16384> block;
  while (true) {
    error_code error;
    const std::size_t count = co_await connection->read_some(asio::buffer(block), error);
    if (count > 0 && reader.feed({block.data(), count})) co_return;
    if (error == asio::error::eof && !write_error) {
      reader.feed_end();
      co_return;
    }
    if (error) throw system_error(write_error ? write_error : error);
  }
}

Response HttpClient::Impl::exchange(const Request& request, const std::string& head, ResponseReader& reader,
                                    const std::stop_token& cancelled) {
  const auto end = run_operation(
      io, [&] { return write_and_read(request, head, reader); }, limits.request_timeout, cancelled,
      [&] { connection->abort(); });
  if (end.failure) fail(request, end, limits.request_timeout, false, reader.bytes_fed());
  if (!reader.keep_alive()) connection.reset();
  return reader.take();
}

Response HttpClient::Impl::send(const Request& request, const std::stop_token& cancelled) {
  const std::string head = request_head(endpoint, request);
  const bool to_head = request.method == "HEAD";
  if (connection && connection->stale()) connection.reset();
  if (connection) {
    ResponseReader reader(limits, to_head);
    try {
      return exchange(request, head, reader, cancelled);
    } catch (const NetworkError& error) {
      // The service may have closed while the request was on its way. Sending again is safe only where twice is as good
      // as once.
      if (error.failure() != NetworkFailure::closed || reader.any_byte() || !is_idempotent(request.method)) throw;
    }
  }
  open(request, cancelled);
  ResponseReader reader(limits, to_head);
  return exchange(request, head, reader, cancelled);
}

HttpClient::HttpClient(Endpoint endpoint, HttpLimits limits)
    : impl_(std::make_unique<Impl>(std::move(endpoint), limits)) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

Response HttpClient::send(const Request& request, std::stop_token cancelled) { return impl_->send(request, cancelled); }
void HttpClient::close() { impl_->connection.reset(); }
const Endpoint& HttpClient::endpoint() const { return impl_->endpoint; }

}  // namespace sluice::net
