#pragma once
#include "harness/services/readiness.hpp"
#include "harness/services/service.hpp"

namespace sluice::services {

/// Something that is already up: probed, never started or stopped.
class ExternalService final : public Service {
 public:
  ExternalService(const plan::ServiceSpec& spec, const ServiceEnvironment& environment);

  std::map<std::string, std::string> attributes() const override;
  void start(std::stop_token stop) override;
  void stop() noexcept override {}
  void signal(int signal) override;
  std::optional<std::string> died() const override { return std::nullopt; }
  std::string probe() override { return probe_ ? probe_() : "it has not been asked yet"; }

 private:
  plan::ServiceSpec spec_;
  const ServiceEnvironment& environment_;
  std::string url_;
  Probe probe_;
};

}  // namespace sluice::services
