#include "harness/net/response_reader.hpp"

#include <fmt/core.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <limits>

#include "harness/core/printable.hpp"

namespace sluice::net {
namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;
namespace {

constexpr unsigned most_informational = 16;
constexpr std::size_t bookkeeping_per_header = 32;

ResponseError error_from(const error_code& error, const HttpLimits& limits, std::string_view bytes) {
  if (error == http::error::header_limit) {
    return {NetworkFailure::too_large, fmt::format("the answer's headers exceed {} bytes", limits.header_bytes)};
  }
  if (error == http::error::body_limit) {
    return {NetworkFailure::too_large, fmt::format("the answer's body exceeds {} bytes", limits.body_bytes)};
  }
  if (error == http::error::partial_message) {
    return {NetworkFailure::closed, "the service closed the connection in the middle of the answer"};
  }
  return {NetworkFailure::protocol,
          fmt::format("the answer is not HTTP ({}): \"{}\"", error.message(), printable(bytes, 80))};
}

}  // namespace

/// Beast's parser, filling a Response in the order of the wire.
class ResponseReader::Parser final : public http::basic_parser<false> {
 public:
  explicit Parser(const HttpLimits& limits) : limits_(limits) {
    header_limit(static_cast<std::uint32_t>(
        std::min<std::size_t>(limits.header_bytes, std::numeric_limits<std::uint32_t>::max())));
    body_limit(limits.body_bytes);
    eager(true);
  }
  Response response;

 private:
  void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int code, string_view reason, int, error_code& error) override {
    if (code < 100) error = http::error::bad_status;
    response.status = static_cast<unsigned>(code);
    response.reason.assign(reason.data(), reason.size());
  }
  // Also called for trailers, which the parser's own limit does not count.
  void on_field_impl(http::field, string_view name, string_view value, error_code& error) override {
    header_bytes_ += name.size() + value.size() + bookkeeping_per_header;
    if (header_bytes_ > 2 * limits_.header_bytes + bookkeeping_per_header * 64) {
      error = http::error::header_limit;
      return;
    }
    response.headers.push_back({std::string(name.data(), name.size()), std::string(value.data(), value.size())});
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code& error) override { return append(body, error); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code& error) override {
    return append(body, error);
  }
  void on_finish_impl(error_code&) override {}

  std::size_t append(string_view body, error_code& error) {
    if (response.body.size() + body.size() > limits_.body_bytes) {
      error = http::error::body_limit;
      return 0;
    }
    response.body.append(body.data(), body.size());
    return body.size();
  }

  const HttpLimits& limits_;
  std::size_t header_bytes_ = 0;
};

ResponseReader::ResponseReader(const HttpLimits& limits, bool to_head) : limits_(limits), to_head_(to_head) {
  start_message();
}
ResponseReader::~ResponseReader() = default;

void ResponseReader::start_message() {
  parser_ = std::make_unique<Parser>(limits_);
  parser_->skip(to_head_);
}

/// False when the message was only informational and the next one has begun.
bool ResponseReader::finish_message() {
  const unsigned status = parser_->response.status;
  if (status >= 200 || status == 101) return true;
  if (++informational_ > most_informational) {
    throw ResponseError(NetworkFailure::protocol,
                        fmt::format("more than {} informational answers", most_informational));
  }
  start_message();
  return false;
}

bool ResponseReader::feed(std::string_view bytes) {
  bytes_fed_ += bytes.size();
  pending_ += bytes;
  while (!pending_.empty()) {
    error_code error;
    const std::size_t used = parser_->put(boost::asio::buffer(pending_), error);
    if (error && error != http::error::need_more) throw error_from(error, limits_, pending_);
    pending_.erase(0, used);
    if (parser_->is_done()) {
      if (finish_message()) return true;
      continue;
    }
    if (error == http::error::need_more || used == 0) break;
  }
  // What stays unparsed is a header block, a chunk's header or trailers.
  if (pending_.size() > limits_.header_bytes) {
    throw ResponseError(NetworkFailure::too_large,
                        fmt::format("the answer's headers exceed {} bytes", limits_.header_bytes));
  }
  return false;
}

void ResponseReader::feed_end() {
  if (!parser_->got_some()) {
    throw ResponseError(NetworkFailure::closed, "the service closed the connection without an answer");
  }
  error_code error;
  parser_->put_eof(error);
  if (error) throw error_from(error, limits_, pending_);
}

bool ResponseReader::keep_alive() const { return parser_->is_done() && pending_.empty() && parser_->keep_alive(); }

Response ResponseReader::take() { return std::move(parser_->response); }

}  // namespace sluice::net
