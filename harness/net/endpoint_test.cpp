#include "harness/net/endpoint.hpp"

#include <gtest/gtest.h>

#include "harness/core/errors.hpp"

namespace sluice::net {
namespace {

TEST(Endpoint, ReadsSchemeHostPortAndBasePath) {
  const Endpoint endpoint = parse_endpoint("http://127.0.0.1:8080/app/");
  EXPECT_EQ(endpoint.scheme, "http");
  EXPECT_EQ(endpoint.host, "127.0.0.1");
  EXPECT_EQ(endpoint.port, 8080);
  EXPECT_EQ(endpoint.base_path, "/app");
  EXPECT_EQ(endpoint.authority(), "127.0.0.1:8080");
  EXPECT_FALSE(endpoint.tls());
}

TEST(Endpoint, TakesThePortFromTheSchemeWhenNoneIsGiven) {
  EXPECT_EQ(parse_endpoint("http://example.org").port, 80);
  EXPECT_EQ(parse_endpoint("wss://example.org").port, 443);
  EXPECT_TRUE(parse_endpoint("HTTPS://Example.org").tls());
  EXPECT_EQ(parse_endpoint("HTTPS://Example.org").host, "example.org");
}

TEST(Endpoint, KeepsIpv6HostsWithoutBracketsAndWritesThemWith) {
  const Endpoint endpoint = parse_endpoint("http://[::1]:9000");
  EXPECT_EQ(endpoint.host, "::1");
  EXPECT_EQ(endpoint.authority(), "[::1]:9000");
}

TEST(Endpoint, ReadsNamesThatBeginWithAnAddressAsNames) {
  const Endpoint endpoint = parse_endpoint("http://127.0.0.1.example.org:81/app");
  EXPECT_EQ(endpoint.host, "127.0.0.1.example.org");
  EXPECT_EQ(endpoint.port, 81);
  EXPECT_EQ(endpoint.base_path, "/app");
}

TEST(Endpoint, RefusesWhatIsNotAnEndpointAndNamesIt) {
  for (const char* url : {"", "localhost:8080", "ftp://host", "http://", "http:///path", "http://host:0",
                          "http://host:70000", "http://user:pw@host", "http://host/?q=1", "http://ho st/"}) {
    try {
      parse_endpoint(url);
      FAIL() << url << " was taken";
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find("\"" + std::string(url) + "\""), std::string::npos) << error.what();
    }
  }
}

TEST(Endpoint, CallsOnlyThisMachineLoopback) {
  for (const char* url : {"http://127.0.0.1", "http://127.8.9.10:1", "ws://localhost", "http://[::1]",
                          "http://LOCALHOST", "http://[::ffff:127.0.0.1]"}) {
    EXPECT_TRUE(is_loopback(parse_endpoint(url))) << url;
  }
  for (const char* url : {"http://128.0.0.1", "http://0.0.0.0", "http://localhost.example.org", "http://[::2]",
                          "http://127.0.0.1.example.org", "http://[::ffff:10.0.0.1]"}) {
    EXPECT_FALSE(is_loopback(parse_endpoint(url))) << url;
  }
}

}  // namespace
}  // namespace sluice::net
