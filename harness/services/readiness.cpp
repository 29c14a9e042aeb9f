#include "harness/services/readiness.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/net/http_client.hpp"

namespace sluice::services {
namespace {

using namespace std::chrono_literals;

net::HttpLimits probe_limits() {
  return {.header_bytes = 16 << 10, .body_bytes = 1 << 20, .connect_timeout = 1s, .request_timeout = 2s};
}

std::string probe_http(const net::Endpoint& endpoint, const std::string& path, std::stop_token stop) {
  try {
    net::HttpClient client(endpoint, probe_limits());
    const auto response = client.send({.method = "GET", .target = path, .headers = {}, .body = {}}, stop);
    if (response.status < 400) return "";
    return fmt::format("GET {} answers {}: {}", path, response.status, printable(response.body, 200));
  } catch (const net::NetworkError& error) {
    return error.what();
  }
}

// A connection that can be made; a request that is then refused or closed still proves that something listens.
std::string probe_tcp(const net::Endpoint& endpoint, std::stop_token stop) {
  try {
    net::HttpClient client(endpoint, probe_limits());
    client.send({.method = "GET", .target = "/", .headers = {}, .body = {}}, stop);
    return "";
  } catch (const net::NetworkError& error) {
    return error.failure() == net::NetworkFailure::connect ? error.what() : "";
  }
}

// Waits without polling a clock for the stop request: a stop wakes it at once.
void wait_or_stop(std::chrono::nanoseconds duration, std::stop_token stop) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any never;
  never.wait_for(lock, stop, duration, [] { return false; });
  if (stop.stop_requested()) throw Cancelled();
}

Probe combined_probe(const Parameters& ready, const net::Endpoint& endpoint) {
  const std::string path = ready.has("http") ? ready.text("http") : "";
  const bool tcp = (path.empty() && !ready.has("log")) || (ready.has("tcp") && ready.boolean("tcp"));
  return [=](std::stop_token stop) {
    if (tcp) {
      if (auto missing = probe_tcp(endpoint, stop); !missing.empty()) return missing;
    }
    return path.empty() ? std::string() : probe_http(endpoint, path, stop);
  };
}

}  // namespace

Probe make_probe(const Parameters& ready, const std::string& address) {
  return combined_probe(ready, net::parse_endpoint("http://" + address));
}

Probe make_url_probe(const Parameters& ready, const std::string& url) {
  return combined_probe(ready, net::parse_endpoint(url));
}

void await_ready(const std::string& service, const Probe& probe, const std::function<std::string()>& dead,
                 std::chrono::nanoseconds within, std::stop_token stop) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  std::chrono::nanoseconds pause = 5ms;
  while (true) {
    if (stop.stop_requested()) throw Cancelled();
    if (const auto why = dead(); !why.empty()) throw EnvironmentError(fmt::format("service {} {}", service, why));
    const std::string missing = probe(stop);
    if (stop.stop_requested()) throw Cancelled();
    if (missing.empty()) return;
    if (std::chrono::steady_clock::now() >= deadline) {
      throw EnvironmentError(
          fmt::format("service {} was not ready within {}: {}", service, human_duration(within), missing));
    }
    wait_or_stop(pause, stop);
    pause = std::min<std::chrono::nanoseconds>(pause * 2, 100ms);
  }
}

}  // namespace sluice::services
