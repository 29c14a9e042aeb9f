#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>

namespace sluice::services {

/// A connection for one short question. All its waits end together, `within` after construction, or with a stop
/// (noticed within 50 ms). Everything throws std::runtime_error that says what was not possible.
class ProbeSocket {
 public:
  ProbeSocket(std::chrono::nanoseconds within, std::stop_token stop);
  ~ProbeSocket();
  ProbeSocket(const ProbeSocket&) = delete;
  ProbeSocket& operator=(const ProbeSocket&) = delete;

  void connect(const std::filesystem::path& unix_socket);
  void connect(const std::string& host, std::uint16_t port);
  void send(std::string_view text);
  /// Up to the next "\r\n", without it; at most 64 KiB.
  std::string receive_line();

 private:
  void connect_to(const void* address, unsigned size, int family, const std::string& name);
  void wait(short events, const char* doing) const;

  std::chrono::steady_clock::time_point deadline_;
  std::stop_token stop_;
  int descriptor_ = -1;
  std::string received_;
};

}  // namespace sluice::services
