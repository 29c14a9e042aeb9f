#pragma once
#include <chrono>
#include <functional>
#include <stop_token>
#include <string>

#include "harness/core/parameters.hpp"

namespace sluice::services {

/// One question to a service: empty when it is ready, else what is still missing. Bounded to a few seconds, and cut
/// short by a stop.
using Probe = std::function<std::string(std::stop_token)>;

/// The probe that a plan's `ready:` record describes for a service at `address` (host:port); asked again during the
/// run. With nothing described it is a TCP connection. `log` is not part of it: a line once written stays true, and the
/// log may outgrow it.
Probe make_probe(const Parameters& ready, const std::string& address);

/// The same against a base URL.
Probe make_url_probe(const Parameters& ready, const std::string& url);

/// Asks until the probe is content. Throws EnvironmentError when `dead` gives a text (with that text) or `within`
/// passes (with what was missing last), Cancelled on `stop`.
void await_ready(const std::string& service, const Probe& probe, const std::function<std::string()>& dead,
                 std::chrono::nanoseconds within, std::stop_token stop);

}  // namespace sluice::services
