#include "harness/services/readiness.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "harness/core/errors.hpp"
#include "harness/core/pause.hpp"
#include "harness/core/printable.hpp"
#include "harness/net/http_client.hpp"
#include "harness/services/probe_socket.hpp"
#include "harness/services/readiness_conditions.hpp"

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

std::string probe_tcp(const net::Endpoint& endpoint, std::stop_token stop) {
  try {
    ProbeSocket(2s, stop).connect(endpoint.host, endpoint.port);
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

}  // namespace

Probe make_probe(const Parameters& ready, const std::string& url, const ProbeContext& context) {
  const auto endpoint = net::parse_endpoint(url);
  std::vector<Probe> conditions;
  if (ready.has("http")) {
    conditions.push_back(
        [=, path = ready.text("http")](std::stop_token stop) { return probe_http(endpoint, path, stop); });
  }
  if (ready.has("command")) conditions.push_back(command_probe(ready.texts("command"), context));
  if (ready.has("sql")) {
    const Parameters sql = ready.record("sql");
    conditions.push_back(sql_probe(sql.text("store"), sql.text("query"), context.environment->directory));
  }
  const bool nothing_else = conditions.empty() && !ready.has("log");
  if (nothing_else || (ready.has("tcp") && ready.boolean("tcp"))) {
    conditions.insert(conditions.begin(), [=](std::stop_token stop) { return probe_tcp(endpoint, stop); });
  }
  return [conditions = std::move(conditions)](std::stop_token stop) {
    std::string missing;
    for (const auto& condition : conditions) {
      if (missing.empty()) missing = condition(stop);
    }
    return missing;
  };
}

void await_ready(const std::string& service, const Probe& probe, const std::function<std::string()>& dead,
                 const std::function<std::string()>& last_words, std::chrono::nanoseconds within,
                 std::stop_token stop) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  std::chrono::nanoseconds pause = 5ms;
  const auto check_alive = [&] {
    if (const auto why = dead(); !why.empty())
      throw EnvironmentError(fmt::format("service {} {}{}", service, why, last_words()));
    if (stop.stop_requested()) throw Cancelled();
  };
  while (true) {
    check_alive();
    const std::string missing = probe(stop);
    check_alive();  // what answered in the place of a dead process is not this service
    if (missing.empty()) return;
    if (std::chrono::steady_clock::now() >= deadline) {
      throw EnvironmentError(fmt::format("service {} was not ready within {}: {}{}", service, human_duration(within),
                                         missing, last_words()));
    }
    pause_for(pause, stop);
    pause = std::min<std::chrono::nanoseconds>(pause * 2, 100ms);
  }
}

}  // namespace sluice::services
