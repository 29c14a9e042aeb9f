#pragma once
#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

// Private to this folder: finds the end of an HTTP/1.1 answer in bytes and keeps nothing of it but the status. Includes
// Beast.
namespace sluice::load {

/// Reads one answer after the other with no input or output of its own. Bounded: the head by 64 KiB, the body by
/// `body_bytes`, informational answers by number.
class ResponseScanner {
 public:
  enum class State { more, whole, broken };

  explicit ResponseScanner(std::size_t body_bytes) : body_bytes_(body_bytes) {}

  /// Forgets the last answer and expects the next. An answer to HEAD has no body whatever its head says.
  void expect(bool to_head);
  State feed(std::string_view bytes);
  /// The connection ended: `whole` if that is how this answer ends, otherwise `broken`.
  State feed_end();

  unsigned status() const { return status_; }
  /// Whether the connection can carry the next request: the service keeps it open and sent nothing beyond the answer.
  bool keep_alive() const { return keep_alive_; }

 private:
  class Parser final : public boost::beast::http::basic_parser<false> {
   public:
    unsigned status = 0;

   private:
    using string_view = boost::beast::string_view;
    using error_code = boost::beast::error_code;
    void on_request_impl(boost::beast::http::verb, string_view, string_view, int, error_code&) override {}
    void on_response_impl(int code, string_view, int, error_code&) override { status = static_cast<unsigned>(code); }
    void on_field_impl(boost::beast::http::field, string_view, string_view, error_code&) override {}
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
    std::size_t on_body_impl(string_view body, error_code&) override { return body.size(); }
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override { return body.size(); }
    void on_finish_impl(error_code&) override {}
  };

  void start_message();
  State finish(std::string_view rest);
  State consume(std::string_view bytes, std::size_t& consumed);

  std::size_t body_bytes_;
  bool to_head_ = false;
  bool keep_alive_ = false;
  unsigned status_ = 0;
  unsigned informational_ = 0;
  std::optional<Parser> parser_;
  std::string pending_;  ///< of a head that came in pieces
};

}  // namespace sluice::load
