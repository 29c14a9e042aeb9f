#include "harness/services/external_service.hpp"

#include <fmt/core.h>

#include "harness/core/errors.hpp"
#include "harness/net/endpoint.hpp"
#include "harness/stores/postgres_connection.hpp"

namespace sluice::services {
namespace {

using namespace std::chrono_literals;

bool is_postgres(const std::string& url) { return url.starts_with("postgresql://") || url.starts_with("postgres://"); }

std::string ask_postgres(const std::string& url, std::stop_token stop) {
  try {
    stores::PostgresConnection connection(url, {.connect_timeout = 2s, .statement_timeout = 2s, .cancelled = stop});
    connection.query("SELECT 1", {}, "asking whether it is ready");
    return "";
  } catch (const std::exception& error) {
    return error.what();  // the store's own messages hold no password
  }
}

}  // namespace

ExternalService::ExternalService(const plan::ServiceSpec& spec, const ServiceEnvironment& environment)
    : spec_(spec), environment_(environment) {}

std::map<std::string, std::string> ExternalService::attributes() const {
  if (url_.empty()) return {};  // known once it has started: until then nothing that needs it runs
  if (is_postgres(url_)) return {{"url", url_}, {"address", ""}, {"host", ""}, {"port", ""}};
  const auto endpoint = net::parse_endpoint(url_);
  return {{"url", url_},
          {"address", endpoint.authority()},
          {"host", endpoint.host},
          {"port", std::to_string(endpoint.port)}};
}

void ExternalService::signal(int) {
  throw EnvironmentError(
      fmt::format("service {} is external: sluice did not start it and sends it no signals", spec_.name));
}

void ExternalService::start(std::stop_token stop) {
  const Parameters parameters = expanded(spec_.parameters, environment_, spec_.name);
  url_ = parameters.text("url");
  if (is_postgres(url_)) {
    probe_ = [url = url_](std::stop_token cancelled) { return ask_postgres(url, cancelled); };
  } else {
    probe_ = make_probe(parameters.record("ready"), url_, {spec_.name, {}, &environment_});
  }
  await_ready(
      spec_.name, probe_, [] { return std::string(); }, [] { return std::string(); },
      parameters.record("ready").duration("within"), stop);
}

}  // namespace sluice::services
