#pragma once
#include "harness/services/owned_service.hpp"
#include "harness/services/port.hpp"

namespace sluice::services {

/// A program of the user's that listens on the address it is given.
class ProcessService final : public OwnedService {
 public:
  ProcessService(const plan::ServiceSpec& spec, const ServiceEnvironment& environment);

  std::map<std::string, std::string> attributes() const override;
  void start(std::stop_token stop) override;
  std::string probe(std::stop_token stop) override;
  std::filesystem::path program() const override;

 private:
  PortReservation port_;
  Probe probe_;  ///< set by the first start()
};

}  // namespace sluice::services
