#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

#include "harness/net/http_client.hpp"

namespace sluice::net {
namespace {

std::string deflated(const std::string& text, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  std::string input = text;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}
std::string gzipped(const std::string& text) { return deflated(text, 15 + 16); }

Response coded(const std::string& coding, std::string body) {
  Response response;
  response.headers = {{"Content-Encoding", coding}};
  response.body = std::move(body);
  return response;
}

TEST(DecodedBody, ReadsGzipDeflateRawDeflateAndIdentity) {
  const std::string text(100'000, 'x');
  EXPECT_EQ(decoded_body(coded("gzip", gzipped(text))), text);
  EXPECT_EQ(decoded_body(coded("X-GZip", gzipped(text))), text);
  EXPECT_EQ(decoded_body(coded("deflate", deflated(text, 15))), text);
  EXPECT_EQ(decoded_body(coded("deflate", deflated(text, -15))), text);
  EXPECT_EQ(decoded_body(coded("identity", text)), text);
  Response plain;
  plain.body = text;
  EXPECT_EQ(decoded_body(plain), text);
}

TEST(DecodedBody, UndoesSeveralCodingsInReverseOrder) {
  EXPECT_EQ(decoded_body(coded("deflate, gzip", gzipped(deflated("abc", 15)))), "abc");
  Response two = coded("deflate", gzipped(deflated("abc", 15)));
  two.headers.push_back({"content-encoding", "gzip"});
  EXPECT_EQ(decoded_body(two), "abc");
}

TEST(DecodedBody, ReadsSeveralGzipMembers) {
  EXPECT_EQ(decoded_body(coded("gzip", gzipped("one ") + gzipped("two"))), "one two");
}

TEST(DecodedBody, RefusesCorruptTruncatedUnknownAndTooLarge) {
  const std::string body = gzipped("hello hello hello");
  EXPECT_EQ(decoded_body(coded("gzip", "not gzip at all")), std::nullopt);
  EXPECT_EQ(decoded_body(coded("gzip", body.substr(0, body.size() - 4))), std::nullopt);
  EXPECT_EQ(decoded_body(coded("br", body)), std::nullopt);
  EXPECT_EQ(decoded_body(coded("gzip", gzipped(std::string(1'000'000, 'x'))), 1000), std::nullopt);
  EXPECT_EQ(decoded_body(coded("gzip,gzip,gzip,gzip,gzip", body)), std::nullopt);
}

TEST(DecodedBody, TakesAnEmptyBodyAsEmpty) { EXPECT_EQ(decoded_body(coded("gzip", "")), ""); }

}  // namespace
}  // namespace sluice::net
