#include "harness/services/external_service.hpp"

#include <fmt/core.h>

#include <pqxx/pqxx>

#include "harness/core/errors.hpp"
#include "harness/net/endpoint.hpp"

namespace sluice::services {
namespace {

bool is_postgres(const std::string& url) { return url.starts_with("postgresql://") || url.starts_with("postgres://"); }

std::string ask_postgres(const std::string& url) {
  try {
    pqxx::connection connection(url);
    pqxx::nontransaction(connection).exec1("SELECT 1");
    return "";
  } catch (const std::exception&) {
    return "does not answer SELECT 1";  // libpq's own text may repeat the password
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

void ExternalService::start(std::stop_token stop) {
  const Parameters parameters = expanded(spec_.parameters, environment_, spec_.name);
  url_ = parameters.text("url");
  if (is_postgres(url_)) {
    probe_ = [url = url_] { return ask_postgres(url); };
  } else {
    probe_ = make_url_probe(parameters.record("ready"), url_);
  }
  await_ready(
      spec_.name, probe_, [] { return std::string(); }, parameters.record("ready").duration("within"), stop);
}

void ExternalService::signal(int) {
  throw EnvironmentError(fmt::format("service {} is external: the run sends it no signals", spec_.name));
}

}  // namespace sluice::services
