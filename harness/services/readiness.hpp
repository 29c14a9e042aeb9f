#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <stop_token>
#include <string>

#include "harness/core/parameters.hpp"
#include "harness/services/service.hpp"

namespace sluice::services {

/// One question to a service: empty when it is ready, else what is still missing. Bounded to a few seconds, and cut
/// short by a stop.
using Probe = std::function<std::string(std::stop_token)>;

/// What a service's probes work with besides its address.
struct ProbeContext {
  std::string service;
  std::map<std::string, std::string> variables;  ///< the service's own environment variables
  const ServiceEnvironment* environment;         ///< outlives the probe
};

/// The probe that a plan's `ready:` record describes for a service at `url`: all its conditions must hold; asked again
/// during the run. With nothing described it is a TCP connection. `log` is not part of it: a line once written stays
/// true, and the log may outgrow it. Throws InputError for a store that is none.
Probe make_probe(const Parameters& ready, const std::string& url, const ProbeContext& context);

/// Asks until the probe is content. Throws EnvironmentError when `dead` gives a text (with that text) or `within`
/// passes (with what was missing last), `last_words` added; else Cancelled on `stop`, which may also come from a death.
void await_ready(const std::string& service, const Probe& probe, const std::function<std::string()>& dead,
                 const std::function<std::string()>& last_words, std::chrono::nanoseconds within, std::stop_token stop);

}  // namespace sluice::services
