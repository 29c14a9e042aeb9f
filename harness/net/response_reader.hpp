#pragma once
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "harness/net/http_client.hpp"

// Private to this folder: reads one answer from bytes, with no input or output of its own.
namespace sluice::net {

/// The answer breaks HTTP or a limit.
class ResponseError : public std::runtime_error {
 public:
  ResponseError(NetworkFailure failure, const std::string& what) : std::runtime_error(what), failure_(failure) {}
  NetworkFailure failure() const { return failure_; }

 private:
  NetworkFailure failure_;
};

/// Parses the answer to one request from pieces of any size. Informational answers (1xx but 101) are read and dropped.
class ResponseReader {
 public:
  /// `to_head`: the answer is to HEAD and has no body whatever its headers say.
  ResponseReader(const HttpLimits& limits, bool to_head);
  ~ResponseReader();

  /// Takes the next bytes; returns whether the answer is whole. Throws ResponseError.
  bool feed(std::string_view bytes);
  /// The connection ended; throws ResponseError unless that is how this answer ends.
  void feed_end();

  bool any_byte() const { return bytes_fed_ > 0; }
  std::size_t bytes_fed() const { return bytes_fed_; }
  /// Once whole: whether the connection can carry another request (no bytes beyond the answer, and the service keeps it
  /// open).
  bool keep_alive() const;
  Response take();

 private:
  class Parser;
  void start_message();
  bool finish_message();

  HttpLimits limits_;
  bool to_head_;
  std::unique_ptr<Parser> parser_;
  std::string pending_;
  std::size_t bytes_fed_ = 0;
  unsigned informational_ = 0;
};

}  // namespace sluice::net
