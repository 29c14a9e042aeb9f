#include <gtest/gtest.h>

#include "harness/net/http_client.hpp"

namespace sluice::net {
namespace {

TEST(Response, FindsTheFirstHeaderWhateverItsCase) {
  Response response;
  response.headers = {{"X-One", "1"}, {"content-type", "text/plain"}, {"Content-Type", "text/html"}};
  ASSERT_NE(response.header("Content-Type"), nullptr);
  EXPECT_EQ(*response.header("Content-Type"), "text/plain");
  EXPECT_EQ(response.header("Content"), nullptr);
}

TEST(PercentEncode, KeepsOnlyUnreservedCharacters) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encode("a b/é&="), "a%20b%2F%C3%A9%26%3D");
}

}  // namespace
}  // namespace sluice::net
