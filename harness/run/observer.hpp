#pragma once
#include <chrono>
#include <string>

#include "harness/core/check.hpp"
#include "harness/core/result.hpp"

namespace sluice::run {

/// Told of everything that happens in a run, as it happens. Calls come from several threads, also at once. The
/// default ignores all.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void service_ready(const std::string& /*name*/, std::chrono::nanoseconds /*after*/) {}
  virtual void phase_started(const std::string& /*phase*/, bool /*entered_only*/) {}
  virtual void action_started(const std::string& /*action*/) {}
  virtual void action_finished(const ActionResult& /*result*/) {}
  virtual void check_started(const std::string& /*check*/, const std::string& /*kind*/) {}
  virtual void check_progressed(const std::string& /*check*/, const Progress& /*progress*/) {}
  virtual void control_started(const std::string& /*check*/) {}
  virtual void check_finished(const CheckResult& /*result*/) {}
  virtual void phase_finished(const PhaseResult& /*result*/) {}
};

}  // namespace sluice::run
