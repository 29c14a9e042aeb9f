#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "harness/net/http_client.hpp"
#include "harness/net/scripted_server.hpp"
#include "harness/net/websocket_client.hpp"

namespace sluice::net {
namespace {

using testing::HasSubstr;

/// Makes OpenSSL's default roots those of one file, for as long as it lives.
class TrustedFile {
 public:
  explicit TrustedFile(const std::string& path) { ::setenv("SSL_CERT_FILE", path.c_str(), 1); }
  ~TrustedFile() { ::unsetenv("SSL_CERT_FILE"); }
  TrustedFile(const TrustedFile&) = delete;
  TrustedFile& operator=(const TrustedFile&) = delete;
};

void answer_ok(ScriptedConnection& connection) {
  for (int i = 0; i < 2; ++i) {
    if (connection.read_until("\r\n\r\n").empty()) return;
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret");
  }
}

std::optional<NetworkError> error_of(HttpClient& client) {
  try {
    client.send({});
  } catch (const NetworkError& error) {
    return error;
  }
  return std::nullopt;
}

TEST(Tls, TalksToAServiceWhoseCertificateIsTrusted) {
  const TestCertificate certificate;
  const TrustedFile trusted(certificate.certificate_file());
  ScriptedServer server(answer_ok, &certificate);
  HttpClient client(parse_endpoint(server.url()));
  EXPECT_EQ(client.send({}).body, "secret");
  EXPECT_EQ(client.send({}).body, "secret");
  EXPECT_EQ(server.connections(), 1u);
}

TEST(Tls, RefusesACertificateThatNobodyTrusts) {
  const TestCertificate certificate;
  ScriptedServer server(answer_ok, &certificate);
  HttpClient client(parse_endpoint(server.url()));
  const auto error = error_of(client);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->failure(), NetworkFailure::connect);
  EXPECT_THAT(error->what(), HasSubstr("certificate verify failed"));
}

TEST(Tls, RefusesATrustedCertificateForAnotherHost) {
  const TestCertificate certificate;  // for 127.0.0.1 alone
  const TrustedFile trusted(certificate.certificate_file());
  ScriptedServer server(answer_ok, &certificate);
  HttpClient client(parse_endpoint("https://localhost:" + std::to_string(server.port())));
  const auto error = error_of(client);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->failure(), NetworkFailure::connect);
}

TEST(Tls, RefusesAServiceThatSpeaksPlainText) {
  ScriptedServer server([](ScriptedConnection& connection) { connection.send("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  HttpClient client(parse_endpoint("https://127.0.0.1:" + std::to_string(server.port())));
  const auto error = error_of(client);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->failure(), NetworkFailure::connect);
}

TEST(Tls, GuardsWebSocketsToo) {
  const TestCertificate certificate;
  ScriptedServer server(answer_ok, &certificate);
  WebSocketClient untrusting(parse_endpoint("wss://127.0.0.1:" + std::to_string(server.port())));
  EXPECT_THROW(untrusting.connect("/ws"), NetworkError);
  const TrustedFile trusted(certificate.certificate_file());
  WebSocketClient trusting(parse_endpoint("wss://127.0.0.1:" + std::to_string(server.port())));
  EXPECT_EQ(trusting.connect("/ws").status, 200u);  // an answer came through, though not an upgrade
  EXPECT_FALSE(trusting.open());
}

}  // namespace
}  // namespace sluice::net
