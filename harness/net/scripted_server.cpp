#include "harness/net/scripted_server.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "harness/core/descriptor.hpp"

namespace sluice::net {
namespace {

[[noreturn]] void fail(const char* what) { throw std::runtime_error(std::string("test server: ") + what); }

/// Waits until `socket` can be read; false when the server is ending.
bool wait_readable(int socket, int end_of_server) {
  std::array<pollfd, 2> watched{{{socket, POLLIN, 0}, {end_of_server, POLLIN, 0}}};
  while (::poll(watched.data(), watched.size(), -1) < 0) {
    if (errno != EINTR) return false;
  }
  return watched[1].revents == 0;
}

class Connection : public ScriptedConnection {
 public:
  Connection(int socket, int end_of_server) : socket_(socket), end_of_server_(end_of_server) {}

  bool send(std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto count = write_some(bytes);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  std::string read_until(std::string_view end) override {
    std::string text;
    while (text.find(end) == std::string::npos) {
      std::array<char, 4096> block;
      const auto count = read_some(block.data(), block.size());
      if (count <= 0) break;
      text.append(block.data(), static_cast<std::size_t>(count));
    }
    return text;
  }
  void wait_for_end() override {
    std::array<char, 4096> block;
    while (read_some(block.data(), block.size()) > 0) continue;
  }
  void reset() override {
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }

 protected:
  virtual long read_some(char* to, std::size_t size) {
    if (!wait_readable(socket_, end_of_server_)) return 0;
    return ::recv(socket_, to, size, 0);
  }
  virtual long write_some(std::string_view bytes) { return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  int socket_;
  int end_of_server_;
};

class TlsConnection final : public Connection {
 public:
  TlsConnection(int socket, int end_of_server, SSL_CTX* context)
      : Connection(socket, end_of_server), tls_(SSL_new(context), &SSL_free) {
    SSL_set_fd(tls_.get(), socket);
  }
  bool handshake() { return wait_readable(socket_, end_of_server_) && SSL_accept(tls_.get()) == 1; }

 private:
  long read_some(char* to, std::size_t size) override {
    if (SSL_pending(tls_.get()) == 0 && !wait_readable(socket_, end_of_server_)) return 0;
    return SSL_read(tls_.get(), to, static_cast<int>(size));
  }
  long write_some(std::string_view bytes) override {
    return SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()));
  }
  std::unique_ptr<SSL, decltype(&SSL_free)> tls_;
};

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File open_for_writing(const std::string& path) {
  File file(std::fopen(path.c_str(), "w"), &std::fclose);
  if (!file) fail("cannot write a certificate");
  return file;
}

}  // namespace

TestCertificate::TestCertificate() {
  std::string name = (std::filesystem::temp_directory_path() / "sluice-certificate-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) fail("cannot make a folder");
  folder_ = name;
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), &X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86400);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  const auto* common_name = reinterpret_cast<const unsigned char*>("sluice test");
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, common_name, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  for (const auto& [kind, value] :
       {std::pair(NID_subject_alt_name, "IP:127.0.0.1"), std::pair(NID_basic_constraints, "critical,CA:TRUE")}) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
    X509_add_ext(certificate.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
  if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) fail("cannot sign a certificate");
  PEM_write_X509(open_for_writing(certificate_file()).get(), certificate.get());
  PEM_write_PrivateKey(open_for_writing(key_file()).get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
}

TestCertificate::~TestCertificate() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

struct ScriptedServer::Impl {
  Impl(Script with, const TestCertificate* certificate);
  ~Impl();
  void run();
  void serve(int socket);

  Script script;
  Descriptor listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::array<int, 2> end{-1, -1};
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> tls{nullptr, &SSL_CTX_free};
  std::uint16_t port = 0;
  std::atomic<std::uint64_t> connections{0};
  std::thread thread;
};

ScriptedServer::Impl::Impl(Script with, const TestCertificate* certificate) : script(std::move(with)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener.get(), generic, size) != 0 || ::listen(listener.get(), 16) != 0 ||
      ::getsockname(listener.get(), generic, &size) != 0 || ::pipe(end.data()) != 0) {
    fail("cannot listen");
  }
  port = ntohs(address.sin_port);
  if (certificate != nullptr) {
    tls.reset(SSL_CTX_new(TLS_server_method()));
    if (SSL_CTX_use_certificate_file(tls.get(), certificate->certificate_file().c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls.get(), certificate->key_file().c_str(), SSL_FILETYPE_PEM) != 1) {
      fail("cannot use the certificate");
    }
  }
  thread = std::thread([this] { run(); });
}

ScriptedServer::Impl::~Impl() {
  ::close(end[1]);  // readable for every wait
  thread.join();
  ::close(end[0]);
}

void ScriptedServer::Impl::run() {
  while (wait_readable(listener.get(), end[0])) {
    const int socket = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    ++connections;
    const Descriptor owned(socket);
    serve(socket);
  }
}

void ScriptedServer::Impl::serve(int socket) {
  // A peer that does not read must not hold the server's thread for ever.
  const timeval patience{5, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (tls) {
    TlsConnection connection(socket, end[0], tls.get());
    if (connection.handshake()) script(connection);
    ERR_clear_error();
  } else {
    Connection connection(socket, end[0]);
    script(connection);
  }
}

ScriptedServer::ScriptedServer(Script script, const TestCertificate* certificate)
    : impl_(std::make_unique<Impl>(std::move(script), certificate)) {}
ScriptedServer::~ScriptedServer() = default;
std::uint16_t ScriptedServer::port() const { return impl_->port; }
std::string ScriptedServer::url() const {
  return (impl_->tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(impl_->port);
}
std::uint64_t ScriptedServer::connections() const { return impl_->connections; }

}  // namespace sluice::net
