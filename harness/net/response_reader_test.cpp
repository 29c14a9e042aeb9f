#include "harness/net/response_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace sluice::net {
namespace {

using testing::HasSubstr;

Response read_whole(const std::string& text, bool to_head = false) {
  ResponseReader reader({}, to_head);
  if (!reader.feed(text)) reader.feed_end();
  return reader.take();
}

std::optional<ResponseError> error_of(const std::string& text, HttpLimits limits = {}) {
  ResponseReader reader(limits, false);
  try {
    if (!reader.feed(text)) reader.feed_end();
  } catch (const ResponseError& error) {
    return error;
  }
  return std::nullopt;
}

TEST(ResponseReader, ReadsAnAnswerGivenByteByByte) {
  const std::string text =
      "HTTP/1.1 201 Made\r\nB: 2\r\nA: 1\r\nB: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: last\r\n\r\n";
  ResponseReader reader({}, false);
  for (std::size_t i = 0; i + 1 < text.size(); ++i) ASSERT_FALSE(reader.feed(text.substr(i, 1))) << i;
  ASSERT_TRUE(reader.feed(text.substr(text.size() - 1)));
  EXPECT_TRUE(reader.keep_alive());
  const Response response = reader.take();
  EXPECT_EQ(response.status, 201u);
  EXPECT_EQ(response.reason, "Made");
  EXPECT_EQ(response.body, "abcde");
  std::string names;
  for (const Header& header : response.headers) names += header.name + "=" + header.value + " ";
  EXPECT_EQ(names, "B=2 A=1 B=3 Transfer-Encoding=chunked Trailer=last ");
}

TEST(ResponseReader, DropsInformationalAnswers) {
  const Response response = read_whole(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
      "1\r\n\r\nk");
  EXPECT_EQ(response.status, 200u);
  EXPECT_EQ(response.header("Link"), nullptr);
  EXPECT_EQ(response.body, "k");
}

TEST(ResponseReader, GivesUpOnEndlessInformationalAnswers) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "HTTP/1.1 100 Continue\r\n\r\n";
  ASSERT_TRUE(error_of(text));
  EXPECT_EQ(error_of(text)->failure(), NetworkFailure::protocol);
}

TEST(ResponseReader, ReadsNoBodyForHeadNoContentAndNotModified) {
  EXPECT_EQ(read_whole("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", true).body, "");
  EXPECT_EQ(read_whole("HTTP/1.1 204 No Content\r\n\r\n").body, "");
  EXPECT_EQ(read_whole("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n").body, "");
}

TEST(ResponseReader, ReadsABodyThatEndsWithTheConnection) {
  ResponseReader reader({}, false);
  EXPECT_FALSE(reader.feed("HTTP/1.1 200 OK\r\n\r\nall of it"));
  reader.feed_end();
  EXPECT_FALSE(reader.keep_alive());
  EXPECT_EQ(reader.take().body, "all of it");
}

TEST(ResponseReader, DoesNotReuseAConnectionThatIsToCloseOrHasBytesLeft) {
  ResponseReader closing({}, false);
  EXPECT_TRUE(closing.feed("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_FALSE(closing.keep_alive());
  ResponseReader chatty({}, false);
  EXPECT_TRUE(chatty.feed("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n"));
  EXPECT_FALSE(chatty.keep_alive());
}

TEST(ResponseReader, CallsACutAnswerClosed) {
  for (const char* text : {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "HTTP/1.1 200 OK\r\nA: b",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", ""}) {
    ASSERT_TRUE(error_of(text)) << text;
    EXPECT_EQ(error_of(text)->failure(), NetworkFailure::closed) << text;
  }
}

TEST(ResponseReader, CallsGarbageAProtocolErrorAndShowsIt) {
  const auto error = error_of("SSH-2.0-OpenSSH_9.2\r\n\r\n");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->failure(), NetworkFailure::protocol);
  EXPECT_THAT(error->what(), HasSubstr("SSH-2.0-OpenSSH_9.2"));
  for (const char* text :
       {"HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 020 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc"}) {
    ASSERT_TRUE(error_of(text)) << text;
    EXPECT_EQ(error_of(text)->failure(), NetworkFailure::protocol) << text;
  }
}

TEST(ResponseReader, EnforcesItsLimits) {
  const HttpLimits limits{.header_bytes = 1000, .body_bytes = 100};
  const std::string many(2000, 'x');
  const std::string head = "HTTP/1.1 200 OK\r\n";
  const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
  for (const std::string& text :
       {head + "A: " + many, head + many, head + "Content-Length: 101\r\n\r\n", head + "\r\n" + many,
        chunked + "FFFFFFFFFFFFFFF\r\n", chunked + "1;" + many,
        chunked + "60\r\n" + std::string(0x60, 'x') + "\r\n60\r\n", chunked + "0\r\nT: " + many}) {
    ASSERT_TRUE(error_of(text, limits)) << text;
    EXPECT_EQ(error_of(text, limits)->failure(), NetworkFailure::too_large) << text.substr(0, 80);
  }
}

TEST(ResponseReader, CountsTrailersAsHeaders) {
  std::string text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
  for (int i = 0; i < 100'000; ++i) text += "A: b\r\n";
  ASSERT_TRUE(error_of(text));
  EXPECT_EQ(error_of(text)->failure(), NetworkFailure::too_large);
}

}  // namespace
}  // namespace sluice::net
