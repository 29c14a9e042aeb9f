#include "harness/services/port.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <random>
#include <string>
#include <utility>

#include "harness/core/errors.hpp"

namespace sluice::services {
namespace {

constexpr std::uint16_t first_port = 15000;
constexpr std::uint16_t last_port = 31999;  // Linux's ephemeral ports start at 32768
constexpr int attempts = 500;

}  // namespace

namespace {

// A socket bound to the port; -1 with errno set when that is not possible.
int bound_socket(std::uint16_t port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  const int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return descriptor;
  const int error = errno;
  close(descriptor);
  errno = error;
  return -1;
}

}  // namespace

bool port_is_free(std::uint16_t port) {
  const int descriptor = bound_socket(port);
  if (descriptor < 0) return false;
  close(descriptor);
  return true;
}

std::unique_ptr<ListeningSocket> ListeningSocket::on(std::uint16_t port) {
  const int descriptor = bound_socket(port);
  if (descriptor >= 0) {
    std::unique_ptr<ListeningSocket> socket(new ListeningSocket(descriptor));
    if (listen(descriptor, SOMAXCONN) == 0) return socket;
  }
  if (errno == EADDRINUSE) return nullptr;
  throw EnvironmentError(fmt::format("cannot listen on 127.0.0.1:{}: {}", port, std::strerror(errno)));
}

ListeningSocket::~ListeningSocket() { close(descriptor_); }

PortReservation::PortReservation(const std::filesystem::path& lock_folder) {
  std::filesystem::create_directories(lock_folder);
  std::random_device random;
  std::uniform_int_distribution<unsigned> any(first_port, last_port);
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const auto candidate = static_cast<std::uint16_t>(any(random));
    const auto file = lock_folder / std::to_string(candidate);
    const int lock = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) throw EnvironmentError("cannot write " + file.string());
    if (flock(lock, LOCK_EX | LOCK_NB) == 0 && port_is_free(candidate)) {
      port_ = candidate;
      lock_ = lock;
      return;
    }
    close(lock);
  }
  throw EnvironmentError("no free TCP port found on 127.0.0.1 between 15000 and 31999");
}

PortReservation::PortReservation(PortReservation&& other) noexcept
    : port_(other.port_), lock_(std::exchange(other.lock_, -1)) {}

PortReservation::~PortReservation() {
  if (lock_ >= 0) close(lock_);
}

}  // namespace sluice::services
