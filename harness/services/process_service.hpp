#pragma once
#include <atomic>
#include <memory>
#include <optional>

#include "harness/services/port.hpp"
#include "harness/services/readiness.hpp"
#include "harness/services/service.hpp"

namespace sluice::services {

/// A program of the user's that listens on the address it is given.
class ProcessService final : public Service {
 public:
  ProcessService(const plan::ServiceSpec& spec, const ServiceEnvironment& environment);
  ~ProcessService() override { stop(); }

  std::map<std::string, std::string> attributes() const override;
  void start(std::stop_token stop) override;
  void stop() noexcept override;
  void signal(int signal) override;
  std::optional<std::string> died() const override;
  std::string probe() override;
  std::filesystem::path log() const override { return log_; }
  std::filesystem::path program() const override;

 private:
  std::string why_dead() const;

  plan::ServiceSpec spec_;
  const ServiceEnvironment& environment_;
  std::filesystem::path log_;
  PortReservation port_;
  Probe probe_;
  std::unique_ptr<ChildProcess> child_;
  std::atomic<bool> stopping_ = false;  ///< read on the host's thread too
};

}  // namespace sluice::services
