#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>

namespace sluice::services {

/// A TCP port on 127.0.0.1 that was free a moment ago and that no other sluice will choose while this object lives (a
/// file lock in `lock_folder`). It lies below the kernel's ephemeral range, so no outgoing connection takes it either.
class PortReservation {
 public:
  /// Throws EnvironmentError when no free port is found.
  explicit PortReservation(const std::filesystem::path& lock_folder);
  ~PortReservation();
  PortReservation(PortReservation&& other) noexcept;
  PortReservation& operator=(PortReservation&&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  std::uint16_t port_ = 0;
  int lock_ = -1;
};

/// A socket that listens on 127.0.0.1, for somebody else to accept on.
class ListeningSocket {
 public:
  /// Null when another program has the port; throws EnvironmentError for any other failure.
  static std::unique_ptr<ListeningSocket> on(std::uint16_t port);
  ~ListeningSocket();
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;

  int descriptor() const { return descriptor_; }

 private:
  explicit ListeningSocket(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

/// Whether something could listen on the port now.
bool port_is_free(std::uint16_t port);

}  // namespace sluice::services
