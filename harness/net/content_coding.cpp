#include <zlib.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "harness/net/http_client.hpp"

namespace sluice::net {
namespace {

constexpr std::size_t most_codings = 4;
constexpr int any_zlib_or_gzip = 15 + 32;  // window bits as inflateInit2 takes them: 32 detects the wrapper
constexpr int raw_deflate = -15;

/// zlib's inflater, freed whatever happens.
class Inflater {
 public:
  explicit Inflater(int window_bits) { ready_ = inflateInit2(&stream_, window_bits) == Z_OK; }
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  std::optional<std::string> inflate_all(std::string_view input, std::size_t limit) {
    if (!ready_) return std::nullopt;
    std::string output;
    std::array<char, 16384> block;
    // zlib's interface is not const-correct; it does not write to its input.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream_.avail_in = static_cast<uInt>(input.size());
    while (true) {
      stream_.next_out = reinterpret_cast<Bytef*>(block.data());
      stream_.avail_out = block.size();
      const int status = inflate(&stream_, Z_NO_FLUSH);
      output.append(block.data(), block.size() - stream_.avail_out);
      if (output.size() > limit) return std::nullopt;
      if (status == Z_STREAM_END) {
        // A gzip body may have several members, one after the other (RFC 1952, 2.2).
        if (stream_.avail_in == 0) return output;
        if (inflateReset(&stream_) != Z_OK) return std::nullopt;
        continue;
      }
      if (status != Z_OK) return std::nullopt;  // also Z_BUF_ERROR: the input ended early
    }
  }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

std::optional<std::string> inflated(std::string_view body, int window_bits, std::size_t limit) {
  if (body.size() > limit) return std::nullopt;
  return Inflater(window_bits).inflate_all(body, limit);
}

std::optional<std::string> decoded(std::string body, std::string_view coding, std::size_t limit) {
  if (coding == "identity") return body.size() <= limit ? std::optional(std::move(body)) : std::nullopt;
  if (coding == "gzip" || coding == "x-gzip") return inflated(body, any_zlib_or_gzip, limit);
  if (coding == "deflate") {
    // The name means zlib (RFC 9110, 8.4.1.2), yet some services send raw deflate.
    if (auto text = inflated(body, any_zlib_or_gzip, limit)) return text;
    return inflated(body, raw_deflate, limit);
  }
  return std::nullopt;
}

std::vector<std::string> codings_of(const Response& response) {
  Response only_names;
  std::vector<std::string> codings;
  for (const Header& header : response.headers) {
    only_names.headers.assign(1, header);
    if (only_names.header("Content-Encoding") == nullptr) continue;
    std::string coding;
    for (const char c : header.value + ",") {
      if (c == ',') {
        if (!coding.empty()) codings.push_back(std::exchange(coding, {}));
      } else if (c != ' ' && c != '\t') {
        coding += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      }
    }
  }
  return codings;
}

}  // namespace

std::optional<std::string> decoded_body(const Response& response, std::size_t limit) {
  auto codings = codings_of(response);
  if (codings.empty()) codings.emplace_back("identity");
  if (codings.size() > most_codings) return std::nullopt;
  std::optional<std::string> body = response.body;
  if (body->empty()) return body;                // HEAD, 204 and 304 name a coding and carry no bytes
  std::reverse(codings.begin(), codings.end());  // listed in the order applied
  for (const std::string& coding : codings) {
    body = decoded(std::move(*body), coding, limit);
    if (!body) return std::nullopt;
  }
  return body;
}

}  // namespace sluice::net
