#include "harness/net/request_text.hpp"

#include <gtest/gtest.h>

#include "harness/core/errors.hpp"

namespace sluice::net {
namespace {

const Endpoint endpoint = parse_endpoint("http://127.0.0.1:8080/base");

TEST(RequestHead, PutsTheBasePathBeforeTheTargetAndAddsHost) {
  EXPECT_EQ(request_head(endpoint, {.method = "GET", .target = "/a?b=c", .headers = {{"X", "1"}}}),
            "GET /base/a?b=c HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nX: 1\r\n\r\n");
}

TEST(RequestHead, FramesABodyUnlessTheCallerDid) {
  EXPECT_NE(request_head(endpoint, {.method = "POST", .target = "/", .body = "abc"}).find("Content-Length: 3\r\n"),
            std::string::npos);
  EXPECT_NE(request_head(endpoint, {.method = "POST", .target = "/"}).find("Content-Length: 0\r\n"), std::string::npos);
  const auto own =
      request_head(endpoint, {.method = "PUT", .target = "/", .headers = {{"content-length", "9"}}, .body = "abc"});
  EXPECT_EQ(own.find("Content-Length"), std::string::npos);
}

TEST(RequestHead, KeepsAnOwnHost) {
  const auto head = request_head(endpoint, {.target = "/", .headers = {{"host", "other"}}});
  EXPECT_EQ(head.find("Host: 127"), std::string::npos);
}

TEST(RequestHead, RefusesWhatWouldSplitTheMessage) {
  EXPECT_THROW(request_head(endpoint, {.method = "GET /x HTTP/1.1\r\nA:"}), InputError);
  EXPECT_THROW(request_head(endpoint, {.target = "/a b"}), InputError);
  EXPECT_THROW(request_head(endpoint, {.target = "/a\r\nX: y"}), InputError);
  EXPECT_THROW(request_head(endpoint, {.target = "relative"}), InputError);
  EXPECT_THROW(request_head(endpoint, {.headers = {{"A B", "x"}}}), InputError);
  EXPECT_THROW(request_head(endpoint, {.headers = {{"A", "x\r\nB: y"}}}), InputError);
}

}  // namespace
}  // namespace sluice::net
