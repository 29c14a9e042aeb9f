#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::net {

/// One accepted connection, plain or TLS, for a script to misuse. Blocking; reads and writes end when the server is
/// destroyed.
class ScriptedConnection {
 public:
  virtual ~ScriptedConnection() = default;
  /// Sends; false once the peer is gone.
  virtual bool send(std::string_view bytes) = 0;
  /// Reads until `end` was seen or the peer left; what came.
  virtual std::string read_until(std::string_view end) = 0;
  /// Waits until the peer leaves, or the server is destroyed.
  virtual void wait_for_end() = 0;
  /// Ends the connection with a reset instead of a farewell.
  virtual void reset() = 0;
};

/// A self-signed certificate for 127.0.0.1 and its key, as files in a folder that goes with the object.
class TestCertificate {
 public:
  TestCertificate();
  ~TestCertificate();
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;
  std::string certificate_file() const { return folder_ + "/certificate.pem"; }
  std::string key_file() const { return folder_ + "/key.pem"; }

 private:
  std::string folder_;
};

/// Listens on 127.0.0.1 and runs `script` for each connection, one after the other, on its own thread; then closes that
/// connection.
class ScriptedServer {
 public:
  using Script = std::function<void(ScriptedConnection&)>;
  /// With a certificate the connections are TLS.
  explicit ScriptedServer(Script script, const TestCertificate* certificate = nullptr);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t port() const;
  std::string url() const;  ///< "http://127.0.0.1:PORT", or https with a certificate
  /// Connections whose script has begun.
  std::uint64_t connections() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::net
