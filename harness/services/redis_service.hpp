#pragma once
#include "harness/services/owned_service.hpp"
#include "harness/services/port.hpp"

namespace sluice::services {

/// A private Redis: the machine's own redis-server on a unix socket and a loopback port. It keeps nothing on disk, so a
/// stop empties it, unless it is `durable`.
class RedisService final : public OwnedService {
 public:
  /// Throws EnvironmentError when no redis-server is installed.
  RedisService(const plan::ServiceSpec& spec, const ServiceEnvironment& environment);

  std::map<std::string, std::string> attributes() const override;
  void start(std::stop_token stop) override;
  std::filesystem::path program() const override { return program_; }

 protected:
  std::string ask(std::stop_token stop) override;

 private:
  /// Its redis.conf; a file of ours only, because settings may hold a password.
  void write_configuration(const Parameters& parameters) const;

  std::filesystem::path program_;
  std::filesystem::path folder_;
  PortReservation port_;
  std::string password_;  ///< set by the first start()
  bool configured_ = false;
};

}  // namespace sluice::services
