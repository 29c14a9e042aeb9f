#pragma once
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "harness/core/clock.hpp"
#include "harness/plan/plan.hpp"
#include "harness/plan/reference.hpp"
#include "harness/run/observer.hpp"
#include "harness/run/redactor.hpp"
#include "harness/run/runner.hpp"
#include "harness/services/supervisor.hpp"

namespace sluice::run {

/// Knows every secret that the plan refers to.
Redactor redactor_for(const plan::Plan& plan);

/// What a plan's texts mean in this run: the services, and everything that `${...}` can stand for.
class Environment {
 public:
  /// Throws EnvironmentError when a service cannot even be made.
  Environment(const plan::Plan& plan, const RunOptions& options, const services::RunFolder& folder, const Clock& clock,
              const Redactor& redactor);

  /// Throws EnvironmentError or Cancelled; see Supervisor::start.
  void start(std::stop_token stop, RunObserver& observer);
  void stop() noexcept { supervisor_->stop(); }

  services::Supervisor& supervisor() { return *supervisor_; }
  services::ProcessHost& host() { return host_; }
  const std::filesystem::path& work() const { return environment_.work; }
  const std::filesystem::path& logs() const { return environment_.logs; }
  const Redactor& redactor() const { return redactor_; }

  /// Fills the references of a text; `self` is the service whose text it is, or empty.
  std::string expand(const std::string& text, const std::string& self = "");
  nlohmann::json expand(const nlohmann::json& value);

  /// SHA-256 of the plan, of sluice, of the services' and actions' programs and of the files that checks name.
  std::vector<Identity> identities();

 private:
  std::string resolve(const plan::Reference& reference, const std::string& self);

  const plan::Plan& plan_;
  const RunOptions& options_;
  const Redactor& redactor_;
  services::ProcessHost host_;
  services::ServiceEnvironment environment_;
  std::unique_ptr<services::Supervisor> supervisor_;
};

}  // namespace sluice::run
