#pragma once
#include <memory>
#include <mutex>

#include "harness/services/owned_service.hpp"
#include "harness/services/port.hpp"

namespace sluice::services {

/// A program of the user's that listens on the address it is given, or on the socket that it is handed.
class ProcessService final : public OwnedService {
 public:
  /// Throws InputError when the way it is to become ready cannot tell anything.
  ProcessService(const plan::ServiceSpec& spec, const ServiceEnvironment& environment);

  std::map<std::string, std::string> attributes() const override;
  void start(std::stop_token stop) override;
  void stop() noexcept override;
  void discard() noexcept override { stop(); }
  std::filesystem::path program() const override;

 protected:
  std::string ask(std::stop_token stop) override { return probe_(stop); }

 private:
  void start_once(std::stop_token stop);
  void claim_port();
  bool told_its_port() const;
  std::uint16_t port() const;

  const bool socket_activation_;
  mutable std::mutex mutex_;  // guards port_, which may change until the first start has succeeded
  std::unique_ptr<PortReservation> port_;
  std::unique_ptr<ListeningSocket> listener_;  ///< with socket activation, while it is started
  Probe probe_;                                ///< set by the first start()
  bool settled_ = false;                       ///< others may know its address: it stays
};

}  // namespace sluice::services
