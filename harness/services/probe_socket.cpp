#include "harness/services/probe_socket.hpp"

#include <fmt/core.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace sluice::services {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds between_looks_at_stop{50};
constexpr std::size_t longest_line = 64u << 10;

[[noreturn]] void fail(const std::string& doing, int error) {
  throw std::runtime_error(fmt::format("{}: {}", doing, std::strerror(error)));
}

}  // namespace

ProbeSocket::ProbeSocket(std::chrono::nanoseconds within, std::stop_token stop)
    : deadline_(steady_clock::now() + std::chrono::duration_cast<steady_clock::duration>(within)),
      stop_(std::move(stop)) {}

ProbeSocket::~ProbeSocket() {
  if (descriptor_ >= 0) close(descriptor_);
}

void ProbeSocket::wait(short events, const char* doing) const {
  while (true) {
    if (stop_.stop_requested()) throw std::runtime_error(fmt::format("{}: interrupted", doing));
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - steady_clock::now());
    pollfd waited{.fd = descriptor_, .events = events, .revents = 0};
    const auto slice = std::clamp(left, std::chrono::milliseconds(0), between_looks_at_stop);
    if (poll(&waited, 1, static_cast<int>(slice.count())) > 0) return;
    if (left.count() <= 0) throw std::runtime_error(fmt::format("{}: no answer in time", doing));
  }
}

void ProbeSocket::connect_to(const void* address, unsigned size, int family, const std::string& name) {
  const std::string doing = "connecting to " + name;
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor_ < 0) fail(doing, errno);
  if (::connect(descriptor_, static_cast<const sockaddr*>(address), size) == 0) return;
  // EAGAIN: a unix socket whose queue is full; there is no event for its getting room.
  if (errno != EINPROGRESS) fail(doing, errno);
  wait(POLLOUT, doing.c_str());
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) fail(doing, error);
}

void ProbeSocket::connect(const std::filesystem::path& unix_socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = unix_socket;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error(path + ": too long for a unix socket");
  std::copy(path.begin(), path.end(), address.sun_path);
  connect_to(&address, sizeof address, AF_UNIX, path);
}

void ProbeSocket::connect(const std::string& host, std::uint16_t port) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* raw = nullptr;
  const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &raw);
  if (code != 0) throw std::runtime_error(fmt::format("looking up {}: {}", host, gai_strerror(code)));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> found(raw, freeaddrinfo);
  for (const addrinfo* entry = found.get(); entry != nullptr; entry = entry->ai_next) {
    try {
      return connect_to(entry->ai_addr, entry->ai_addrlen, entry->ai_family, fmt::format("{}:{}", host, port));
    } catch (const std::runtime_error&) {
      if (entry->ai_next == nullptr) throw;
    }
  }
}

void ProbeSocket::send(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      wait(POLLOUT, "sending");
    } else if (errno != EINTR) {
      fail("sending", errno);
    }
  }
}

std::string ProbeSocket::receive_line() {
  while (true) {
    if (const auto end = received_.find("\r\n"); end != std::string::npos) {
      const std::string line = received_.substr(0, end);
      received_.erase(0, end + 2);
      return line;
    }
    if (received_.size() > longest_line) throw std::runtime_error("receiving: a line without end");
    char buffer[4096];
    const ssize_t count = recv(descriptor_, buffer, sizeof buffer, 0);
    if (count > 0) {
      received_.append(buffer, static_cast<std::size_t>(count));
    } else if (count == 0) {
      throw std::runtime_error("receiving: the connection was closed");
    } else if (errno == EAGAIN) {
      wait(POLLIN, "receiving");
    } else if (errno != EINTR) {
      fail("receiving", errno);
    }
  }
}

}  // namespace sluice::services
