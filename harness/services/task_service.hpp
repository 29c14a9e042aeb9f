#pragma once
#include "harness/services/owned_service.hpp"

namespace sluice::services {

/// A program that does something once and is over: it is ready when it has exited with 0. Started again, it runs again.
/// What it leaves running is ended with it.
class TaskService final : public OwnedService {
 public:
  TaskService(const plan::ServiceSpec& spec, const ServiceEnvironment& environment);

  std::map<std::string, std::string> attributes() const override { return {{"log", log().string()}}; }
  void start(std::stop_token stop) override;
  std::filesystem::path program() const override;

 protected:
  std::string ask(std::stop_token) override { return {}; }
};

}  // namespace sluice::services
