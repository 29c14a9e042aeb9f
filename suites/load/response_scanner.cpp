#include "suites/load/response_scanner.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <cstdint>

namespace sluice::load {
namespace {

constexpr std::uint32_t most_head_bytes = 64u << 10;
constexpr unsigned most_informational = 16;

}  // namespace

void ResponseScanner::start_message() {
  parser_.emplace();
  parser_->header_limit(most_head_bytes);
  parser_->body_limit(body_bytes_);
  parser_->eager(true);
  if (to_head_) parser_->skip(true);
}

void ResponseScanner::expect(bool to_head) {
  to_head_ = to_head;
  keep_alive_ = false;
  status_ = 0;
  informational_ = 0;
  pending_.clear();
  start_message();
}

ResponseScanner::State ResponseScanner::consume(std::string_view bytes, std::size_t& consumed) {
  consumed = 0;
  while (consumed < bytes.size()) {
    boost::beast::error_code error;
    const auto rest = bytes.substr(consumed);
    consumed += parser_->put(boost::asio::const_buffer(rest.data(), rest.size()), error);
    if (error == boost::beast::http::error::need_more) return State::more;
    if (error) return State::broken;
    if (parser_->is_done()) {
      if (parser_->status >= 200) return State::whole;
      if (parser_->status == 101 || ++informational_ > most_informational) return State::broken;
      start_message();
    }
  }
  return State::more;
}

ResponseScanner::State ResponseScanner::feed(std::string_view bytes) {
  if (!parser_) return State::broken;
  std::string joined;
  if (!pending_.empty()) {
    joined.swap(pending_);
    joined += bytes;
    bytes = joined;
  }
  std::size_t consumed = 0;
  const State state = consume(bytes, consumed);
  if (state == State::more) {
    pending_.assign(bytes.substr(consumed));
    return pending_.size() > most_head_bytes ? State::broken : State::more;
  }
  return state == State::whole ? finish(bytes.substr(consumed)) : State::broken;
}

ResponseScanner::State ResponseScanner::feed_end() {
  if (!parser_ || !parser_->got_some() || !pending_.empty()) return State::broken;
  boost::beast::error_code error;
  parser_->put_eof(error);
  if (error || !parser_->is_done()) return State::broken;
  const State state = finish({});
  keep_alive_ = false;
  return state;
}

ResponseScanner::State ResponseScanner::finish(std::string_view rest) {
  status_ = parser_->status;
  keep_alive_ = parser_->keep_alive() && rest.empty();
  return State::whole;
}

}  // namespace sluice::load
